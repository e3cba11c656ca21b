"""What of a text needs support: its sentences without courtesies, questions and refusals."""

from __future__ import annotations

import re

from chatbot.grounding.sentences import Sentence, read_sentence, split_sentences

_ENUMERATOR = re.compile(
    r"[\s>#|*+•-]{0,40}(?:\(?\d{1,3}[.)](?:\s+|\Z)|(?:step|option)\s\d{1,3}\s?[:.)]\s?)?[\s*_]{0,8}",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"(?:you're|you are) (?:very |most )?welcome|thank you|thanks(?! to)\b|hello\b|hi\b|sorry\b"
    r"|(?:i|we)(?: am|'m| are|'re)? (?:\w+ )?(?:hope|glad|happy|sorry|apologi[sz]e|here to)\b"
    r"|(?:please |just )?(?:feel free|let me know|let us know|do not hesitate)\b"
    r"|if (?:you|there)\b[^.]{0,80}\b(?:questions?|assistance|feel free|let me know)\b"
    r"|(?:yes|no|sure|certainly|of course|great question|good question|stay safe|great|okay|ok)"
    r"\W*\Z",
    re.IGNORECASE,
)
_NOTES = r"(?:notes?|documents?|documentation|passages?|texts?|contexts?|articles?|excerpts?)"
_SAY = (
    r"(?:say|state|mention|contain|include|provide|specify|answer|explain|describe|discuss|list"
    r"|address|cover|give|indicate|offer|detail|have)"
)
_SAID = (
    r"(?:mentioned|specified|provided|stated|given|covered|included|found|said|described"
    r"|discussed|addressed|answered)"
)
_INFORMATION = r"(?:information|details?|mention|answers?)"
_REFUSAL = re.compile(
    # "I could not find …", "I do not have that information"
    rf"\bi (?:do|could|can|was|am) ?(?:not|unable to) (?:find|see|know|answer|provide|locate|able"
    rf"|sure)\b"
    rf"|\b(?:i|we) (?:do not have|have no) (?:\w+ ){{0,3}}{_INFORMATION}\b"
    # "The given notes do not mention …"
    rf"|\b(?:the|these|this|your|my|our) (?:\w+ )?{_NOTES}"
    rf" (?:do|does|did|can) not (?:\w+ )?{_SAY}\b"
    # "There is no information about …", "… is not mentioned in the notes"
    rf"|\bno (?:\w+ ){{0,2}}{_INFORMATION} (?:(?:is|are|was|were) )?"
    rf"(?:given|provided|found|about|on|regarding|of)\b"
    rf"|\b(?:no (?:\w+ ){{0,2}}{_INFORMATION}|not (?:\w+ )?{_SAID})"
    rf" (?:in|by) (?:\w+ ){{0,2}}{_NOTES}\b",
    re.IGNORECASE,
)
# Where a refusal begins behind another clause, and where it ends before one.
_BEGINS = re.compile(r"[,;] (?:but|and|however|although|though|yet|while)\b", re.IGNORECASE)
_ENDS = re.compile(r"[,;:](?: and)? (?:but|however|though|although|it|they|there|the)\b|;")
_ANNOUNCES = re.compile(r":[\s*_]{0,40}\Z")


def claims_nothing(sentence: str) -> bool:
    """Whether a sentence says nothing that a passage could support.

    Questions, courtesies, lines that only announce a list, and that the notes do not say
    something.
    """
    return not read_claims(sentence)


def holds_refusal(sentence: str) -> bool:
    """Whether a sentence says, among other things, that the notes do not say something."""
    return _REFUSAL.search(" ".join(split_sentences(sentence))) is not None


def declines(sentence: str) -> bool:
    """Whether a sentence says that the notes do not say something, and claims nothing else."""
    plain = " ".join(split_sentences(sentence))
    return _REFUSAL.search(plain) is not None and claims_nothing(sentence)


def read_claims(text: str) -> list[Sentence]:
    """What of each sentence a passage would have to support; none for those that claim nothing."""
    claims = map(_read_claim, split_sentences(text))
    return [claim for claim in claims if claim.content]


def _read_claim(sentence: str) -> Sentence:
    """What of a sentence a passage would have to support; empty where that is nothing.

    A line that only announces a list claims nothing, unless it counts ("three ways:").
    """
    opening = _ENUMERATOR.match(sentence)
    text = sentence[opening.end() if opening else 0 :].strip()
    if text.rstrip("\"'”)*_ ").endswith("?") or _COURTESY.match(text):
        return Sentence([])
    claim = read_sentence(_without_refusal(text))
    if _ANNOUNCES.search(text) and not claim.quantities:
        return Sentence([])
    return claim


def _without_refusal(text: str) -> str:
    """The text without the clause that says that the notes do not say something."""
    refusal = _REFUSAL.search(text)
    if refusal is None:
        return text
    begins = list(_BEGINS.finditer(text, 0, refusal.start()))
    ends = _ENDS.search(text, refusal.end())
    before = text[: begins[-1].start()] if begins else ""
    after = text[ends.end() :] if ends else ""
    return f"{before}, {after}" if before and after else before or after
