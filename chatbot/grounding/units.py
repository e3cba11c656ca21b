"""What is measured in notes, and the ways to write its units."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Amount(NamedTuple):
    """How much there is of something that is measured or counted.

    A unit is an amount too: an hour is 3,600 of time.
    """

    kind: str
    size: Decimal


# What is measured, how much of it, and the ways to write that unit. 1,024 bytes are a kilobyte
# however they are written: notes mix GB and GiB.
_LINES = """
    time 0.000001 us microsecond microseconds
    time 0.001 ms msec millisecond milliseconds
    time 1 s sec secs second seconds
    time 60 min mins minute minutes
    time 3600 h hr hrs hour hours hourly
    time 86400 day days daily
    time 604800 week weeks weekly
    months 1 month months monthly
    months 12 year years yr yrs yearly annually
    bytes 1 byte bytes
    bytes 1024 kb kib kilobyte kilobytes
    bytes 1048576 mb mib megabyte megabytes
    bytes 1073741824 gb gib gigabyte gigabytes
    bytes 1099511627776 tb tib terabyte terabytes
    bytes 1125899906842624 pb pib petabyte petabytes
    bits 1 bit bits bps
    bits 1000 kbps kbit kilobits
    bits 1000000 mbps mbit megabits
    bits 1000000000 gbps gbit gigabits
    hertz 1 hz
    hertz 1000000 mhz
    hertz 1000000000 ghz
    metres 0.001 mm
    metres 0.01 cm
    metres 1 meter meters metre metres
    metres 1000 km kilometer kilometers kilometre kilometres
    miles 1 mile miles mi
    grams 0.000001 μg ug mcg microgram micrograms
    grams 0.001 mg milligram milligrams
    grams 1 g gram grams
    grams 1000 kg kilogram kilograms kilo kilos
    tonnes 1 tonne tonnes
    litres 0.000001 μl ul microlitre microlitres microliter microliters
    litres 0.001 ml millilitre millilitres milliliter milliliters
    litres 0.01 cl centilitre centilitres
    litres 1 l litre litres liter liters
    spoons 1 tsp teaspoon teaspoons
    spoons 3 tbsp tablespoon tablespoons
    cups 1 cup cups
    celsius 1 c celsius centigrade
    fahrenheit 1 f fahrenheit
    turns 1 rpm
    watts 1 watt watts
    watts 1000 kw kilowatt kilowatts
    volts 1 volt volts
    percent 1 % percent percentage pct
    nines 1 nines
    times 1 x times fold
    dollars 1 $ dollar dollars usd
    dollars 0.01 cent cents
    euros 1 € euro euros eur
    pounds 1 £ gbp
    iops 1 iops
"""


def _read_table(lines: str) -> dict[str, Amount]:
    table: dict[str, Amount] = {}
    for line in lines.strip().splitlines():
        kind, size, *names = line.split()
        table |= dict.fromkeys(names, Amount(kind, Decimal(size)))
    return table


UNITS = _read_table(_LINES)
CURRENCIES = frozenset("$€£")  # the units that stand before their number
