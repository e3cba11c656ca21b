"""The three stages of an answer over one opened index; no LangChain here."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TypeVar

from chatbot.aliases import Aliases, aliases_in
from chatbot.answer import Answer, Passage, Question, Timings
from chatbot.answer import Status as AnswerStatus
from chatbot.cancellation import Cancellation
from chatbot.candidates import TermWeights, telling_names
from chatbot.decision_models import packaged_model
from chatbot.event_lines import events_of
from chatbot.events import Done, Event, Stage, Status
from chatbot.extractive.abstention import Confidence
from chatbot.extractive.answerer import ExtractiveAnswerer
from chatbot.generation.composer import Notes
from chatbot.generation.decision import HOPELESS
from chatbot.generation.material import material_of
from chatbot.generation.writer import ChatModel, Found, Writer
from chatbot.grounding.closeness import Closeness
from chatbot.grounding.judge import Judge
from chatbot.grounding.quotables import Quotable
from chatbot.numbering import numbered_on
from chatbot.query import Query, understand
from chatbot.reranker import Reranker
from chatbot.retrieval import Retrieval, Searcher
from chatbot.spelling import Speller
from ingest.embedding import Embedder
from ingest.index import NotesIndex

T = TypeVar("T")

NOTHING_SPENT = Timings()
PASSAGES = 5
PASSAGES_FOR_A_MODEL = 8
REST_FOR_A_MODEL = 3  # more passages of the best one's section
MODEL_CONTEXT = 6000  # tokens of prompt


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, as the first stage takes it."""

    question: Question
    timings: Timings = NOTHING_SPENT


@dataclass(frozen=True, slots=True)
class Understood:
    """A query, as the second takes it."""

    query: Query
    timings: Timings


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A query and what was found for it, as the third takes it."""

    query: Query
    retrieval: Retrieval
    timings: Timings


class Pipeline:
    """The three stages over one opened index: understand, retrieve, answer."""

    def __init__(
        self,
        index: NotesIndex,
        embedder: Embedder,
        reranker: Reranker | None,
        model: ChatModel | None = None,
        *,
        model_context: int = MODEL_CONTEXT,
    ) -> None:
        self.index = index
        self._model = model
        self._model_context = model_context
        aliases = learnt_aliases(index)
        weights = TermWeights(index.vocabulary(), aliases)
        # A word that the model reads as one token is ordinary English, or the notes' own.
        self._speller = Speller(
            index.vocabulary(), is_common=lambda word: embedder.count_tokens([word])[0] <= 3
        )
        self._note_names = telling_names(index.sources())
        self._embedder = embedder
        self._searcher = Searcher(index, embedder, reranker, weights, aliases)
        confidence = Confidence(
            packaged_model("chatbot.extractive", "abstention.json"),
            is_stub=lambda section_id: index.section(section_id).is_stub,
        )
        self._answerer = ExtractiveAnswerer(
            self._searcher,
            weights,
            index.source_text,
            confidence,
            source_digest=index.source_digest,
        )

    def judge(self, quotables: Sequence[Quotable]) -> Judge:
        """What holds sentences against these blocks."""
        return Judge(
            quotables,
            relevance=self._searcher.logits,
            closeness=Closeness(self._embedder.embed_question),
            supported=packaged_model("chatbot.grounding", "support.json").probability,
        )

    def search(self, question: Question, limit: int) -> list[Passage]:
        """The passages for `question`, best first."""
        query = understand(question, self._speller, self._note_names)
        return list(self._searcher.retrieve(query, limit).passages)

    def features(self, question: Question) -> dict[str, float] | None:
        """What the decision to answer looks at, by name; None when nothing was composed.

        A question in parts is taken as a whole.
        """
        query = replace(understand(question, self._speller, self._note_names), parts=())
        return self._answerer.features(query, self._searcher.retrieve(query))

    def ask(self, question: Question) -> Answer:
        """Take all three."""
        return self.answer(self.retrieve(self.understand(Asked(question))))

    def events(
        self, question: Question, cancellation: Cancellation | None = None
    ) -> Generator[Event, None, None]:
        """Take all three, and say what happens on the way.

        Raises:
            EmptyQuestion, QuestionTooLong: the question cannot be answered as it stands.
            Cancelled: the answer is no longer wanted.
        """
        wanted = cancellation or Cancellation()
        yield Status(Stage.UNDERSTAND)
        understood = self.understand(Asked(question))
        wanted.check()
        yield Status(Stage.RETRIEVE)
        retrieved = self.retrieve(understood)
        wanted.check()
        yield from self.answer_events(retrieved, wanted)

    def understand(self, asked: Asked) -> Understood:
        """Correct the spelling, and find out what is asked for."""
        query, spent = _timed(lambda: understand(asked.question, self._speller, self._note_names))
        return Understood(query, replace(asked.timings, understand=spent))

    def retrieve(self, step: Understood) -> Retrieved:
        """Find passages and blocks; for a model, more of them."""
        limit = PASSAGES if self._model is None else PASSAGES_FOR_A_MODEL
        retrieval, spent = _timed(lambda: self._searcher.retrieve(step.query, limit))
        return Retrieved(step.query, retrieval, replace(step.timings, retrieve=spent))

    def answer(self, step: Retrieved) -> Answer:
        """Compose the answer, or have it worded, or decline."""
        for event in self.answer_events(step):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("every stream of events ends with the answer")

    def answer_events(
        self, step: Retrieved, cancellation: Cancellation | None = None
    ) -> Generator[Event, None, None]:
        """The last stage, as it happens: first in the notes' own words, then in a model's.

        The notes' own words are the same with a model as without.
        """
        yield Status(Stage.COMPOSE)
        found = step.retrieval.passages
        step = replace(step, retrieval=step.retrieval.narrowed(PASSAGES))
        own = self._own_answer(step)
        is_hopeless = own.status is AnswerStatus.NOT_IN_NOTES and own.confidence < HOPELESS
        if self._model is None or not own.passages or is_hopeless:
            own = numbered_on(own, step.query.question.cited)
            yield from events_of(own)
            yield Done(own)
            return
        yield Status(Stage.WRITE)
        writer = Writer(
            self._model,
            self.judge,
            Notes(self.index.source_text, self.index.source_digest),
            self._embedder.count_tokens,
            self._model_context,
        )
        yield from writer.events(self._found(step, own, found), cancellation)

    def _own_answer(self, step: Retrieved) -> Answer:
        answer, spent = _timed(lambda: self._answerer.answer(step.query, step.retrieval))
        return replace(
            answer,
            corrections=step.query.corrections,
            timings=replace(step.timings, answer=spent),
        )

    def _found(self, step: Retrieved, own: Answer, found: Sequence[Passage]) -> Found:
        """What a model's answer is made from: what was looked at first, then all else `found`."""
        query, retrieval = step.query, step.retrieval
        refusal = replace(
            self._answerer.refuse(query, retrieval),
            corrections=own.corrections,
            timings=own.timings,
        )
        # A long table or list runs on in other passages of its section, which a question about
        # all of it needs and a search for one of each section leaves out.
        rest = self._searcher.rest_of(own.passages[0], REST_FOR_A_MODEL)
        order = (*own.passages[:2], *rest, *own.passages[2:], *found)
        passages = {passage.chunk_id: passage for passage in order}
        handed = tuple(passages.values())[: PASSAGES_FOR_A_MODEL + REST_FOR_A_MODEL]
        return Found(
            query.question,
            own,
            refusal,
            material_of(handed, self.index),
            lambda lines: self._answerer.sure_of(query, retrieval, lines),
        )


def learnt_aliases(index: NotesIndex) -> Aliases:
    """The short forms that the notes introduce, in their text and in their headings."""
    titles = (section.title for section in index.outline() if "(" in section.title)
    texts = (*titles, *index.texts_with("("))
    found = (alias for text in texts for alias in aliases_in(text))
    return Aliases(found, index.vocabulary())


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = perf_counter()
    result = work()
    return result, (perf_counter() - started) * 1000
