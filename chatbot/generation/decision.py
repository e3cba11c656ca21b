"""Which answer is given when a model has said all that it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chatbot.answer import Answer, Status
from chatbot.draft import Line
from chatbot.extractive.answerer import REST_MISSING
from chatbot.generation.composer import Composer

# An answer is given from this confidence on, whoever words it.
THRESHOLD = 0.5
# The notes' own words are given all the same where they are this sure to answer, though the
# model says that they do not.
SURE_DESPITE = 0.9

OWN_WORDS = "This is in your notes' own words."
FOUND_NOTHING = "{model} found no answer in the passages that it was given."
NOTHING_HELD = "{model} wrote nothing that your notes hold."
LEFT_OUT = "Left out: {count} that {model} wrote and your notes do not hold."


def decided(
    composer: Composer,
    own: Answer,
    refusal: Answer,
    sure_of: Callable[[Sequence[Line]], float],
    model: str,
) -> Answer:
    """The answer, from what a model wrote and what the notes say by themselves.

    What the model says counts where the notes hold it and it answers the question. That it
    found nothing counts, too, unless the notes' own words are very sure to answer. Where nothing
    that it says stands, the notes speak for themselves.
    """
    if not composer.lines:
        if composer.declined and own.confidence < SURE_DESPITE:
            return refusal
        why = FOUND_NOTHING if composer.declined else NOTHING_HELD
        return _in_own_words(own, why.format(model=model))
    sure = max(own.confidence, sure_of(composer.lines))
    if sure < THRESHOLD:
        return refusal
    text = composer.text
    if composer.missing:
        text += "\n" + REST_MISSING.format(rest="”, “".join(composer.missing))
    return replace(
        own,
        status=Status.PARTIAL if composer.declined else Status.ANSWERED,
        text=text,
        citations=tuple(composer.citations.values()),
        confidence=round(sure, 4),
        model=model,
        notice=_left_out(composer, model),
    )


def failed(own: Answer, reason: str) -> Answer:
    """The notes' own words, and why they are not a model's."""
    return _in_own_words(own, reason)


def _in_own_words(own: Answer, why: str) -> Answer:
    return replace(own, notice=f"{why} {OWN_WORDS}")


def _left_out(composer: Composer, model: str) -> str:
    count = composer.claims_left_out
    if not count:
        return ""
    return LEFT_OUT.format(count="1 sentence" if count == 1 else f"{count} sentences", model=model)
