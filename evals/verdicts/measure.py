"""How well the judge tells faithful sentences from corrupted ones.

Run it as `python -m evals.verdicts.measure NOTEBOOK [--json]`. Of each kind of corruption the
share that is caught, and of the faithful sentences the share that is rejected, as the judge rules
with its packaged weights; and the milliseconds that a sentence takes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from chatbot.answer import Ruling
from chatbot.privacy import keep_private
from evals.verdicts.bench import Row, rows_of
from evals.verdicts.notebook import load_facts

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Measured:
    """The share of faithful sentences rejected, of corrupted ones caught, and what one takes.

    `caught` is by kind; `sentences` counts them, the faithful too.
    """

    rejected: float
    caught: dict[str, float]
    caught_of_all: float
    sentences: dict[str, int]
    ms: float


def measure(rows: Iterable[Row]) -> Measured:
    """What the rulings on the rows come to.

    Raises:
        ValueError: none of them is faithful, or none corrupted.
    """
    passed: defaultdict[str, list[bool]] = defaultdict(list)
    spent = []
    for row in rows:
        passed[row.kind].append(row.ruling == Ruling.VERIFIED)
        spent.append(row.ms)
    faithful = passed.pop("faithful", [])
    wrong = [verified for kind in passed.values() for verified in kind]
    if not faithful or not wrong:
        raise ValueError("nothing to measure: it takes faithful and corrupted sentences")
    return Measured(
        rejected=round(1 - fmean(faithful), 3),
        caught={kind: round(1 - fmean(passed[kind]), 3) for kind in sorted(passed)},
        caught_of_all=round(1 - fmean(wrong), 3),
        sentences={"faithful": len(faithful), **{kind: len(passed[kind]) for kind in passed}},
        ms=round(fmean(spent), 1),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when done."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    keep_private(tracing=False)
    found = measure(rows_of(load_facts(options.notebook, ROOT), ROOT))
    print(json.dumps(asdict(found), indent=1) if options.json else _as_text(found))
    return 0


def _as_text(found: Measured) -> str:
    lines = [f"{kind:10} {share:6.1%} caught" for kind, share in found.caught.items()]
    lines += [
        f"{'all':10} {found.caught_of_all:6.1%} caught",
        f"{'faithful':10} {found.rejected:6.1%} rejected",
        f"{found.ms} ms a sentence",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
