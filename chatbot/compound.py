"""A question that asks several things at once, taken apart into questions that stand alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.follow_up import WORDS_OF_A_QUESTION, stand_alone
from chatbot.words import content_words
from ingest.sentences import sentence_spans

# More than this is a list of questions: the rest stays with the last part.
MOST_PARTS = 3
LONGEST_COMPOUND = 600  # in characters; what is longer was pasted, and is no list of questions
# "How many vCPUs and how much RAM does it need?" asks one thing: a clause without a verb form
# has at least this many words, else it shares the verb of the next.
WORDS_OF_A_CLAUSE = 4
# "List the options, please." says how to answer the question before it.
WORDS_OF_A_REQUEST = 3

_ASKING_WORD = r"(?:what(?:['’]?s)?|which|who|whom|whose|when|where|why|how)"
_AUXILIARY = (
    r"(?:is|are|was|were|do|does|did|can|could|will|would|should|shall|must|may|has|have|had)"
)
_PREPOSITION = r"(?:in|for|to|at|on|of|from|with|by|through|until|since|after|before|under)"
_SUBJECT = r"(?:it|they|this|that|these|those|there|i|you|we|an?|the|my|our|its|their|[A-Z][\w-]*)"
_REQUEST = r"(?:name|tell|list|explain|describe|give)"
_LISTS = re.compile(r"\W*(?:please )?(?:name|tell|list|give)\b", re.IGNORECASE)
# Where a clause begins that asks something of its own: "…, and for how long does …".
_JOINT = re.compile(
    r"[,;]?\s+(?:and|but|or|plus|also)\b,?(?:\s+(?:also|then|separately|if so|tell me|say),?)*\s+"
    rf"(?=(?:{_PREPOSITION}\s+)?{_ASKING_WORD}\b|{_AUXILIARY}\s+{_SUBJECT}\b)"
    rf"|,\s+(?={_ASKING_WORD}\s+(?:{_AUXILIARY}|\w+\s+{_AUXILIARY})\b)",
)
_ASKS = re.compile(
    rf"^\W*(?:(?:so|and|but|then|also|please|hi|hello)\b\W*)*"
    rf"(?:(?:{_PREPOSITION}\s+)?{_ASKING_WORD}\b|{_AUXILIARY}\s|{_REQUEST}\b)",
    re.IGNORECASE,
)
# "When I upload a file, …", "If it fails, …": told, not asked.
_SUPPOSES = re.compile(
    r"^\W*(?:if|suppose|since|because|as|once|although|while|when (?:i|you|we|one)\s)\b",
    re.IGNORECASE,
)
# "In Ben's notes, what …", "Storage Gateway: how …": said of every clause behind it.
_SETTING = re.compile(
    rf"^(?P<setting>[^?]*?[,:])\s+(?=(?:{_PREPOSITION}\s+)?{_ASKING_WORD}\b|{_AUXILIARY}\s)", re.I
)
_AFTER_A_QUESTION = re.compile(r"(?<=\?)\s+")
_AND = re.compile(r",?\s+(?:and also|and|as well as|plus|&|\+)\s+", re.IGNORECASE)
# A part that ends like this is no clause: "when and how do I …" asks one thing.
_UNFINISHED = re.compile(rf"(?:^|\s)(?:{_ASKING_WORD}|and|or)$", re.IGNORECASE)
_DEFINES = re.compile(r"\W*(?:so )?what(?:['’]?s| is| are) (?!it\b|they\b)", re.IGNORECASE)
_VERB_FORM = re.compile(rf"\b{_AUXILIARY}\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One of the questions in a question: as it was asked, and in words that need no other.

    `bare` is the clause alone where `text` adds to it what it may not need; else empty.
    """

    asked: str
    text: str
    bare: str = ""


def parts_of(text: str) -> tuple[Part, ...]:
    """The questions that `text` is made of, in order.

    Empty where it asks one thing only. What is said before a question ("I have a stream.",
    "In Ben's notes, …") is taken as said of it.
    """
    if len(text) > LONGEST_COMPOUND:
        return ()
    clauses: list[tuple[str, str]] = []  # what is said before it, and the clause
    told = ""
    for sentence in _sentences(text.strip()):
        setting, asking = _without_setting(sentence)
        if not sentence.endswith("?") and not _ASKS.search(asking):
            told = f"{told} {sentence}".strip()
            continue
        if clauses and _is_request(sentence):
            clauses[-1] = (clauses[-1][0], f"{clauses[-1][1]} {sentence}")
            continue
        setting = f"{told} {setting}".strip()
        clauses += [(setting, clause) for clause in _clauses(asking, setting)]
        told = ""
    if told and clauses:
        clauses[-1] = (clauses[-1][0], f"{clauses[-1][1]} {told}")
    clauses = [(setting, clause) for setting, clause in clauses if _says_something(clause)]
    while clauses and not content_words(clauses[0][1]):  # there is nothing that it goes on from
        clauses = clauses[1:]
    if len(clauses) < 2:
        return ()
    rest = clauses[MOST_PARTS - 1 :]
    clauses = clauses[: MOST_PARTS - 1]
    if rest:
        told_of_all = rest[0][0]
        others = [c if s == told_of_all else f"{s} {c}".strip() for s, c in rest]
        clauses.append((told_of_all, " ".join(others)))
    parts: list[Part] = []
    for setting, clause in clauses:
        parts.append(_part(setting, clause, [part.text for part in parts[-1:]]))
    return tuple(parts)


def halves(text: str) -> tuple[tuple[str, str], ...]:
    """What stands on either side of each "and" of a question that has no clauses to part.

    "shard definition and read limit" may ask for one thing or for two: what the answer leaves
    out tells.
    """
    found = []
    for joint in _AND.finditer(text):
        left, right = text[: joint.start()].strip(), text[joint.end() :].strip()
        if content_words(left) and content_words(right):
            found.append((left, right))
    return tuple(found)


def _says_something(clause: str) -> bool:
    """Not so "why?", which asks for more of the same answer; but "Who named them?" does."""
    return bool(content_words(clause)) or len(clause.split()) > 2


def _part(setting: str, clause: str, earlier: Sequence[str]) -> Part:
    asked = f"{setting} {clause}".strip()
    text = asked
    if earlier and len(content_words(clause)) < 2 and not _DEFINES.match(clause):
        text = stand_alone(f"and {asked[:1].lower()}{asked[1:]}", earlier).text  # "for how long?"
    elif earlier:
        text = stand_alone(asked, earlier).text
    says_enough = len(content_words(clause)) >= WORDS_OF_A_QUESTION
    return Part(asked, text, clause if says_enough and text != clause else "")


def _sentences(text: str) -> Iterator[str]:
    """The sentences; a question mark ends one whatever the case of what follows."""
    for start, end in sentence_spans(text):
        yield from filter(None, _AFTER_A_QUESTION.split(text[start:end].strip()))


def _without_setting(sentence: str) -> tuple[str, str]:
    """What is said before the question of a sentence, and the question."""
    match = _SETTING.search(sentence)
    if match is None or _ASKS.search(sentence):
        return "", sentence
    return match["setting"], sentence[match.end() :]


def _is_request(sentence: str) -> bool:
    is_short = len(content_words(sentence)) <= WORDS_OF_A_REQUEST
    return is_short and _LISTS.match(sentence) is not None


def _clauses(asking: str, setting: str) -> list[str]:
    """The clauses that ask something each; the whole when it is one."""
    found: list[str] = []
    start = 0
    for joint in _JOINT.finditer(asking):
        before = asking[start : joint.start()].strip()
        if _is_clause(before, setting):
            found.append(before)
            start = joint.end()
    return [*found, asking[start:].strip()]


def _is_clause(text: str, setting: str) -> bool:
    if not content_words(text) or _UNFINISHED.search(text) or _SUPPOSES.search(text):
        return False
    is_whole = _VERB_FORM.search(text) or len(text.split()) >= WORDS_OF_A_CLAUSE or setting
    return bool(is_whole) and _ASKS.search(text) is not None
