"""What kind of answer a question asks for, read from its wording alone."""

from __future__ import annotations

import re
from enum import StrEnum


class Asks(StrEnum):
    """A kind of answer. A question can ask for several ("How many days …": number, duration)."""

    FIGURE = "figure"
    COMPARISON = "comparison"
    YES_NO = "yes_no"
    REASON = "reason"
    DATE = "date"
    DURATION = "duration"
    PRICE = "price"
    AMOUNT_OF_MONEY = "amount_of_money"  # a price as a figure, not how it is charged
    SIZE = "size"
    VERSION = "version"
    NUMBER = "number"
    NAME = "name"  # "which service …": the answer names a thing
    LIST = "list"
    DEFINITION = "definition"
    PROCEDURE = "procedure"
    PERSON = "person"
    PLACE = "place"


_FIGURE_NOUN = (
    r"(?:diagram|figure|picture|image|illustration|drawing|screenshot|chart|schematic|graphic)s?"
)
_TIME_UNIT = r"(?:milliseconds?|seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?)"

# Each kind's signs, matched against the folded question. Order does not matter.
_SIGNS: dict[Asks, str] = {
    Asks.FIGURE: (
        rf"\b(?:is|are) there (?:an? |any |some )?(?:[\w-]+ ){{0,4}}{_FIGURE_NOUN}\b"
        rf"|\b(?:show me|show us|have|has|got|any|need) (?:an? |any |some |the )?"
        rf"(?:[\w-]+ ){{0,3}}{_FIGURE_NOUN}\b"
        r"|(?:^|\b(?:the|an?|any|some|that|show|see|find) )figures?"
        r" (?:of|for|on|about|show\w*|that|which|explain\w*|illustrat\w*|depict\w*)\b"
        rf"|\b(?:diagram|picture|illustration|drawing|screenshot|schematic)s?"
        rf" (?:of|for|on|about|show\w*|that|which|explain\w*|illustrat\w*|depict\w*)\b"
        rf"|\b(?:which|what|where is the|where s the) (?:[\w-]+ ){{0,2}}"
        rf"(?:diagram|figure|picture|illustration|image shows)\b"
        rf"|\b(?:image|chart|graphic)s? (?:of the|of how|showing|that shows|illustrating) "
        rf"|\b(?:diagram|illustration|schematic|figure)s?\W*$"
        rf"|^(?!(?:is|are|can|could|does|do|will|which|what|how|who) )"
        rf"(?!.*\b(?:in|from|out of|of|on) (?:an? |the |my )?(?:[\w-]+ )?picture)"
        r"(?:\S+ ){0,6}pictures?\W*$"
    ),
    Asks.COMPARISON: (
        r"\b(?:difference|differences|distinction|comparison|compare|compared|compares|differ"
        r"|differs|versus|vs|against)\b"
        r"|\bwhen (?:do|should|would|to) (?:(?:i|you|we) )?(?:take|use|choose|pick|prefer)\b"
        r".* and when\b"
        r"|\b(?:better|prefer|choose|pick|use|faster|cheaper|slower|which)\b.* or \b"
        r"|^(?:[\w-]+ ){1,5}or (?:[\w-]+ ){1,5}"
    ),
    Asks.YES_NO: (
        r"^(?:so |and |but |then )?(?:is|are|can|could|do|does|did|has|have|will|would|should"
        r"|was|were|must|may|am|isn|aren|can|cannot|don|doesn) "
    ),
    Asks.REASON: r"\bwhy\b|\breasons?\b|\bwhat makes\b|\bhow come\b|\bwhat for\b|\bpurpose\b",
    Asks.DATE: (
        r"\bwhen (?:was|were|did|is .* (?:released|launched|due))\b|\b(?:what|which) (?:year|date)"
        r"\b|\brelease date\b|\blaunch date\b|\bsince when\b"
    ),
    Asks.DURATION: (
        rf"\bhow (?:long|often|soon|quickly)\b|\bdurations?\b|\bhow many {_TIME_UNIT}\b"
        r"|\bretention\b|\btime ?outs?\b|\bhow much time\b|\blatency\b"
    ),
    Asks.PRICE: (
        r"\bpric(?:e|es|ing|ed)\b|\bhow much (?:does|do|is|are|will|would)\b(?!.*\b(?:memory|data"
        r"|ram|storage)\b)|\bcosts?\b(?! (?:effective|efficient|saving|savings))|\bhourly rate\b"
        r"|\bfees?\b|\bbilled\b|\bcharged?\b|\bdollars?\b|\bfree tier\b"
    ),
    Asks.AMOUNT_OF_MONEY: (
        r"\b(?:what|whats|how high|how big|how large)\b.*\b(?:prices?|fees?|costs?|rate)\b"
        r"(?! effective)"
        r"|\bhow much (?:does|do|is|are|will|would)\b(?=.*\b(?:cost|pay|charge|fee)\b)"
        r"|\bcosts? per\b|\bprice (?:per|of|for)\b|\bpricing\b"
    ),
    Asks.SIZE: (
        r"\b(?:maximum|max|minimum|min|largest|smallest|biggest)\b.*\bsizes?\b"
        r"|\bhow (?:big|large|small|much (?:memory|storage|ram|data))\b|\bsizes? (?:limit|of)\b"
        r"|\bhow many (?:[kmgt]b|(?:kilo|mega|giga|tera)bytes)\b|\b(?:ram|memory) of\b"
    ),
    Asks.VERSION: r"\bversions?\b|\brelease number\b|\bfrom which [\w ]*release\b",
    Asks.NUMBER: (
        r"\bhow (?:many|much|big|large|small|fast|far|high|deep|wide|old|tall)\b|\bnumber of\b"
        r"|\b(?:max|maximum|min|minimum|quota|percentage|percent|size|throughput|capacity|iops|rate)\b"
        r"|\blimit\b|\blimits (?:of|on|for|per)\b"
    ),
    Asks.NAME: (
        r"\b(?:which|what) (?:[\w-]+ ){0,3}(?:service|tool|feature|option|product|class|tier|mode"
        r"|gateway|protocol|engine|api|method|format|persona|system|platform|model|component"
        r"|command|library|algorithm|instance|language|file system|storage)\b|\bwho\b|\bwhich\b"
    ),
    Asks.LIST: (
        r"\bwhat are (?:the|some|all|its|their|\w+ (?:ways|types|kinds))\b"
        r"|\b(?:list|enumerate)\b(?! of| view)"
        r"|\bname (?:the|all|some|two|three|four|five|\d)\b|\b(?:which|what) (?:[\w-]+ ){0,3}"
        r"(?:types|kinds|methods|ways|options|modes|features|pieces|components|parts|steps"
        r"|services|classes|tiers|systems|formats|sources|destinations|engines|targets|protocols"
        r"|personas|gateways|tools|things|benefits|advantages|reasons|platforms|examples|items"
        r"|events|applications|roles|models)\b"
        r"|\bexamples? of\b|\ball (?:the|of)\b|\blist of\b|\bbullet points\b"
        r"|\bwhat can (?:i|you|one|we|it) do\b|\bwho can\b"
    ),
    Asks.DEFINITION: (
        r"^(?:so )?what (?:is|s|are|does) (?!the (?:difference|max|min|default|price|cost))"
        r"|\bdefine\b|\bdefinition\b|\bwhat do(?:es)? .* (?:do|mean|stand for)\b|^explain\b"
        r"|\bpurpose of\b|^describe\b|^tell me about\b"
    ),
    Asks.PROCEDURE: r"\bhow (?:do|can|to|should|would) \b|\bsteps\b|\bset up\b|\bconfigure\b",
    Asks.PERSON: r"^who\b|\bwho (?:is|was|invented|created|founded|wrote)\b",
    Asks.PLACE: r"^where\b|\b(?:which|what) (?:[\w-]+ )?(?:regions?|countr(?:y|ies)|city)\b",
}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in _SIGNS.items()}

_NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand|million)"
)
_NUMBER = rf"(?:\d|\b{_NUMBER_WORD}(?:s)?\b)"
_MONTH = (
    r"\b(?:january|february|march|april|june|july|august|september|october|november|december)\b"
)

# What a text must hold, at the least, to be of the kind that was asked for. Kinds that no
# pattern can tell (a reason, a definition) are left out: any text may hold one.
_HOLDS: dict[Asks, str] = {
    Asks.NUMBER: rf"{_NUMBER}|\bno (?:upper |hard |fixed )?limit\b|\bunlimited\b|\bnone\b",
    Asks.DURATION: (
        rf"{_NUMBER}[\w.,/-]*[\s-]*(?:ms|s|min|h|{_TIME_UNIT})\b|\b(?:milli)?seconds\b"
        r"|\b(?:daily|hourly|weekly|monthly|yearly|a (?:day|week|month|quarter|year))\b"
        r"|\breal[- ]time\b|\bnone\b|\bindefinite|\bforever\b|\bminutes\b|\bhours\b|\blatency\b"
        r"|\bms\b"
    ),
    Asks.PRICE: (
        r"[$€£]\s?\d|\b\d[\d.,]* ?(?:dollars?|cents?|usd|eur)\b|\bfree\b|\b(?:charged|billed|priced"
        r"|pay|paid) (?:by|per|for|in)\b|\bper-\w+ [\w ]*fees?\b|\bno (?:\w+ )?(?:cost|fee|charge)"
    ),
    Asks.AMOUNT_OF_MONEY: (
        r"[$€£]\s?\d|\b\d[\d.,]* ?(?:dollars?|cents?|usd|eur)\b|\bfree\b"
        r"|\bno (?:\w+ )?(?:cost|fee|charge)"
    ),
    Asks.SIZE: (
        r"\d[\d.,]*\s?(?:[kmgtp]i?b|bytes?|bits?|characters|tokens|pages|rows|records)\b"
        r"|\b(?:kilo|mega|giga|tera|peta)bytes?\b|\bunlimited\b"
    ),
    Asks.DATE: rf"\b(?:1\d|20)\d\d\b|{_MONTH}|\b\d{{1,2}}\.? (?-i:May)\b|\b(?-i:May) \d",
    Asks.VERSION: r"\bv\d|\bversions?\b|\b\w+ \d+\.\d+\b|\b\w+ v ?\d",
    Asks.PERSON: r"\b[A-Z][a-z]+ [A-Z][a-z]+\b",
}
_HOLDS_COMPILED = {
    kind: re.compile(pattern, 0 if kind is Asks.PERSON else re.IGNORECASE)
    for kind, pattern in _HOLDS.items()
}


def kinds_asked(question: str) -> frozenset[Asks]:
    """The kinds of answer that the wording of `question` asks for; often several, or none."""
    folded = re.sub(r"[^\w\s-]+", " ", question.casefold())
    folded = re.sub(r"\s+", " ", folded).strip()
    return frozenset(kind for kind, signs in _COMPILED.items() if signs.search(folded))


def holds_kind(text: str, kind: Asks) -> bool:
    """Whether `text` could hold an answer of this kind; True where wording cannot tell."""
    pattern = _HOLDS_COMPILED.get(kind)
    return pattern is None or pattern.search(text) is not None
