"""Every sentence of a notebook of facts, before the judge that answers are judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from chatbot.answer import Passage, Question
from chatbot.chain import NotesChain, open_chain
from chatbot.generation.material import Material, material_of
from chatbot.settings import Settings
from chatbot.words import content_stems
from evals.verdicts.notebook import Fact
from ingest.index import NotesIndex
from ingest.pipeline import ingest_notes

PASSAGES = 8  # that a model is handed
_SEARCHED = 40  # passages among which that of the fact must be

Told = tuple[str, str]  # a sentence, and its kind
# The sentences to judge about a fact, by its number.
Sentences = Callable[[int, Fact, Material, set[int]], Iterable[Told]]


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence: what it is, what was made of it, and by which signs.

    `wording` is the share, in [0, 1], of its content words that the fact's quote holds. `ms` is
    what it took to judge it, the blocks of its passages being read already. One that was only
    weighed has no ruling. `source` is the note of the fact.
    """

    fact: int
    text: str
    kind: str  # "faithful", or how it was corrupted
    ruling: str
    probability: float
    signs: Mapping[str, float]
    wording: float
    quoted: str = ""
    ms: float = 0.0
    source: str = ""


def told_of(_: int, fact: Fact, __: Material, ___: set[int]) -> Iterator[Told]:
    """The sentences that the notebook has about a fact."""
    yield from ((text, "faithful") for text in fact.faithful)
    yield from ((corrupt.text, corrupt.kind) for corrupt in fact.corrupt)


def rows_of(
    facts: Sequence[Fact], root: Path, sentences: Sentences = told_of, *, ruled: bool = True
) -> Iterator[Row]:
    """Judge each sentence over the passages that a search for its fact finds.

    The sentence cites the passage that holds the fact, as a model would that read it there.
    Unless `ruled`, it is only weighed against that passage, which takes half the time.
    """
    with ExitStack() as stack:
        folders = sorted({str(Path(fact.source).parent) for fact in facts})
        opened = {name: stack.enter_context(_Opened(root / name)) for name in folders}
        for number, fact in enumerate(facts):
            yield from _rows(number, fact, *opened[str(Path(fact.source).parent)], sentences, ruled)


class _Opened:
    """An index of a folder of notes, and what answers from it, while it is open."""

    def __init__(self, notes: Path) -> None:
        self._notes = notes
        self._stack = ExitStack()

    def __enter__(self) -> tuple[NotesIndex, NotesChain]:
        place = Path(self._stack.enter_context(TemporaryDirectory()))
        ingest_notes([self._notes], place)
        chain = self._stack.enter_context(open_chain(place, Settings(index=place), store="exact"))
        return chain.index, chain

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _rows(
    number: int,
    fact: Fact,
    index: NotesIndex,
    chain: NotesChain,
    sentences: Sentences,
    ruled: bool,
) -> Iterator[Row]:
    source = Path(fact.source).name
    start = index.source_text(source).find(fact.quote)
    asked = " ".join(fact.quote.split())[:400]
    passages = _with_gold(chain, asked, source, start, start + len(fact.quote))
    material = material_of(passages, index)
    judge = chain.judge(material.quotables)
    cited = {
        n
        for n, p in enumerate(passages, start=1)
        if p.source == source and p.start < start + len(fact.quote) and p.end > start
    }
    own = [at for at, q in enumerate(material.quotables) if q.passage in cited]
    judge.judge(asked, cited)  # what is read once for all sentences is read here
    known = set(content_stems(fact.quote))
    for text, kind in sentences(number, fact, material, cited):
        started = perf_counter()
        ruling = str(judge.judge(text, cited).ruling) if ruled else ""
        spent = (perf_counter() - started) * 1000
        weighed = judge.weigh(text, own)
        stems = set(content_stems(text))
        yield Row(
            number,
            text,
            kind,
            ruling,
            weighed.probability,
            weighed.signs,
            wording=len(stems & known) / max(1, len(stems)),
            quoted=" | ".join(material.quotables[at].text for at in weighed.places),
            ms=spent,
            source=fact.source,
        )


def _with_gold(chain: NotesChain, asked: str, source: str, start: int, end: int) -> list[Passage]:
    passages = chain.search(Question(asked), limit=_SEARCHED)
    gold = [p for p in passages if p.source == source and p.start < end and p.end > start]
    if not gold:
        raise LookupError(f"no passage of {source} holds {asked!r}")
    others = [p for p in passages if p not in gold]
    return (gold + others)[:PASSAGES]
