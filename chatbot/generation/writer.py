"""From passages to an answer that a model words, or to the reason why it does not."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Protocol

from chatbot.answer import Answer, Question, Timings
from chatbot.cancellation import Cancellation
from chatbot.chat_models.messages import Message
from chatbot.draft import Line
from chatbot.errors import ModelFailed
from chatbot.event_lines import events_of
from chatbot.events import Citations, Done, Event, Failed, TextDelta, Verdict
from chatbot.generation.composer import Composer, Notes
from chatbot.generation.decision import decided, in_own_words
from chatbot.generation.material import Material
from chatbot.generation.prompt import CountTokens, messages_for
from chatbot.grounding.judge import Judge
from chatbot.grounding.preamble import Characters
from chatbot.grounding.quotables import Quotable
from chatbot.grounding.replies import ReplyReader
from chatbot.numbering import Numbering, numbered_on


class ChatModel(Protocol):
    """What words an answer; `chatbot.chat_models.ChatModel` is one."""

    @property
    def label(self) -> str:
        """The model as a reader is told of it."""
        ...

    def stream(
        self, messages: Sequence[Message], cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Yield the reply as it comes.

        Raises:
            ModelFailed: there is none, or not all of one.
            Cancelled: it is no longer wanted.
        """
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """What a question's answer is made from.

    `own` is the answer in the notes' own words, `refusal` the one that the notes do not answer;
    `sure_of` is how sure it is, in [0, 1], that lines answer the question.
    """

    question: Question
    own: Answer
    refusal: Answer
    material: Material
    sure_of: Callable[[Sequence[Line]], float]


@dataclass(frozen=True, slots=True)
class Writer:
    """Has a model word answers, and lets stand what the notes hold.

    Args:
        model: what is asked.
        judge: what holds sentences against blocks.
        notes: where quotes are cut from.
        count_tokens: about how many tokens the model sees in each text.
        budget: tokens of prompt, at the most.
    """

    model: ChatModel
    judge: Callable[[Sequence[Quotable]], Judge]
    notes: Notes
    count_tokens: CountTokens
    budget: int

    def events(self, found: Found, cancellation: Cancellation | None = None) -> Iterator[Event]:
        """Ask the model, and judge each sentence when it is complete.

        Where the model fails, or nothing of what it says stands, the notes' own words follow.

        Raises:
            Cancelled: the answer is no longer wanted.
        """
        spent = _Stopwatch(found.own.timings)
        messages, held = messages_for(
            found.question,
            found.material.passages,
            budget=self.budget,
            count_tokens=self.count_tokens,
        )
        material = found.material.first(held)
        composer = Composer(
            self.judge(material.quotables), material, Numbering(found.question.cited), self.notes
        )
        try:
            # However it ends, nothing more is asked for then.
            with closing(self._pieces(messages, cancellation)) as pieces:
                yield from self._read(pieces, composer, spent)
        except ModelFailed as error:
            yield Failed(error.reason)
            outcome = in_own_words(found.own, error.reason)
        else:
            model = self.model.label
            outcome = decided(composer, found.own, found.refusal, found.sure_of, model)
            if outcome.model:
                outcome = replace(outcome, passages=material.passages)
            elif composer.lines:
                yield Failed(outcome.notice)
        sentences = tuple(composer.sentences)
        if not outcome.model:  # nothing of what was shown so far is in it
            sentences = tuple(replace(sentence, text="", numbers=()) for sentence in sentences)
            outcome = numbered_on(outcome, found.question.cited)
            yield from events_of(outcome)
        yield Done(replace(outcome, sentences=sentences, timings=spent.timings()))

    def _pieces(
        self, messages: Sequence[Message], cancellation: Cancellation | None
    ) -> Generator[str, None, None]:
        yield from self.model.stream(messages, cancellation)

    def _read(
        self, pieces: Iterable[str], composer: Composer, spent: _Stopwatch
    ) -> Iterator[TextDelta | Citations | Verdict]:
        """Judge what comes, until it ends or says nothing new."""
        reader, characters = ReplyReader(), Characters()
        for piece in pieces:
            spent.word()
            if shown := characters.feed(piece):
                yield TextDelta(shown)
            for said in reader.feed(piece):
                yield from spent.verdicts(composer.add(said))
            if composer.runs_in_circles:
                break
        else:
            for said in reader.finish():  # of one that was stopped this may be half a sentence
                yield from spent.verdicts(composer.add(said))
        yield from composer.finish()


class _Stopwatch:
    """When the model's first words came, and the first sentence that stands."""

    def __init__(self, before: Timings) -> None:
        self._before = before
        self._began = perf_counter()
        self._first_token = 0.0
        self._first_verified = 0.0

    def word(self) -> None:
        """The model has said something."""
        self._first_token = self._first_token or self._now()

    def verdicts(self, events: Iterable[Citations | Verdict]) -> Iterator[Citations | Verdict]:
        """The same events; the first verdict that lets a sentence stand is timed."""
        for event in events:
            if isinstance(event, Verdict) and event.sentence.text:
                self._first_verified = self._first_verified or self._now()
            yield event

    def timings(self) -> Timings:
        """What was spent in all."""
        return replace(
            self._before,
            answer=self._now() - self._before.understand - self._before.retrieve,
            first_token=self._first_token,
            first_verified=self._first_verified,
        )

    def _now(self) -> float:
        """Milliseconds since the question."""
        return self._before.total + (perf_counter() - self._began) * 1000
