"""Which answer is given when a model has said all that it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from chatbot.answer import Answer, Status
from chatbot.draft import Line
from chatbot.extractive.answerer import REST_MISSING, UNSURE
from chatbot.generation.composer import Composer
from chatbot.words import content_stems

# An answer is given from this confidence on, whoever words it.
THRESHOLD = 0.5
# The notes' own words are given all the same where they are this sure to answer, though the
# model says that they do not: of the golden set's askings with as much, 1 in 120 has no answer.
SURE_DESPITE = 0.9
# And where the model's words are less sure by this much, by the same measure: a weak model says
# what the notes hold, and not what was asked.
LESS_SURE = 0.2
# And below this no model is asked: 22 of the golden set's 89 unanswerable askings are this
# hopeless, none of its 424 others.
HOPELESS = 0.05

MOST_MISSING = 3  # things that are named as missing

OWN_WORDS = "This is in your notes' own words."
FOUND_NOTHING = "{model} found no answer in the passages that it was given."
NOTHING_HELD = "{model} wrote nothing that your notes hold."
NO_ANSWER = "{model} wrote what your notes hold, but hardly an answer to the question."
LEFT_OUT = "Left out: {count} that {model} wrote and your notes do not hold."
REST = "Your notes don't answer the rest."


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
    that it says stands, or what stands is beside the question, the notes speak for themselves.
    """
    refusal = replace(refusal, confidence=min(own.confidence, UNSURE))
    if not composer.lines:
        if composer.declined and own.confidence < SURE_DESPITE:
            is_news = own.status is not Status.NOT_IN_NOTES  # else the notes say so themselves
            return replace(refusal, notice=FOUND_NOTHING.format(model=model) if is_news else "")
        why = FOUND_NOTHING if composer.declined else NOTHING_HELD
        return in_own_words(own, why.format(model=model))
    sure = round(sure_of(composer.lines), 4)
    if sure < max(THRESHOLD, own.confidence - LESS_SURE):
        why = NO_ANSWER.format(model=model)
        if own.status is Status.NOT_IN_NOTES:
            return replace(refusal, confidence=min(sure, UNSURE), notice=why)
        return in_own_words(own, why)
    rest = tuple(_rest(composer, own))
    return replace(
        own,
        status=Status.PARTIAL if rest else Status.ANSWERED,
        text="\n".join([composer.text, *rest]),
        citations=tuple(composer.citations.values()),
        confidence=sure,
        model=model,
        notice=_left_out(composer, model),
    )


def in_own_words(own: Answer, why: str) -> Answer:
    """What the notes say by themselves, and why it is not a model's answer."""
    if own.status is Status.NOT_IN_NOTES:
        return replace(own, notice=why)
    return replace(own, notice=f"{why} {OWN_WORDS}")


def _rest(composer: Composer, own: Answer) -> Iterator[str]:
    """The line that says what is missing, where the model or the notes' own words say so.

    A model's words for it are repeated only where they are the question's own: this line carries
    no footnote.
    """
    asked = set(content_stems(own.question))
    named = [
        rest for rest in dict.fromkeys(composer.missing) if asked.issuperset(content_stems(rest))
    ]
    if named:
        yield REST_MISSING.format(rest="”, “".join(named[:MOST_MISSING]))
    elif composer.declined:
        yield REST
    elif own.status is Status.PARTIAL:
        yield own.text.rpartition("\n")[2]


def _left_out(composer: Composer, model: str) -> str:
    count = composer.claims_left_out
    if not count:
        return ""
    return LEFT_OUT.format(count="1 sentence" if count == 1 else f"{count} sentences", model=model)
