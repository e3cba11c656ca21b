"""Notes kept as a hurried programmer keeps them, and ours asked the same: both sides of a test.

`NaiveIndex` is the tutorial's chain (`evals.naive_chain` reads and cuts) over LangChain's own
Chroma, with an id for each piece so that a second sync overwrites. Its answer is what a chain
hands to a model or, without one, to a reader: the nearest pieces, numbered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

from conftest import ToyEmbedder, WordReranker
from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings
from langchain_core.prompts import ChatPromptTemplate

from chatbot.answer import MARKER, Question
from chatbot.chain import NotesChain
from chatbot.library import NotesLibrary
from chatbot.terminal import Terminal
from evals.naive_chain import pieces_of
from ingest.index import NotesIndex, Store
from ingest.pipeline import ingest_notes

COLLECTION = "tutorial"
NAIVE_INSTRUCTION = "Answer from the context."


@dataclass(frozen=True, slots=True)
class Piece:
    """A text that is embedded or handed on, and the note that it is said to be from."""

    source: str
    text: str


class Kept(Protocol):
    """An index of a folder of notes, whoever's it is."""

    def sync(self) -> None:
        """Bring it up to date with the folder."""
        ...

    def pieces(self) -> list[Piece]:
        """Everything that is embedded, in order of sources."""
        ...

    def nearest(self, question: str) -> list[Piece]:
        """The pieces nearest to the question, best first."""
        ...

    def passages(self, question: str) -> list[Piece]:
        """What is handed to a LangChain program, or to whoever searches."""
        ...

    def answer(self, question: str) -> str:
        """What is handed to a person, numbers and all."""
        ...

    def footnotes(self, question: str) -> tuple[list[int], list[int]]:
        """The numbers that a surface makes links of, and those that the program wrote."""
        ...

    def shown(self, question: str) -> str:
        """The answer and its sources, as they are printed."""
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...


class ToyEmbeddings(Embeddings):
    """The toy embedder, as LangChain calls it."""

    def __init__(self, embedder: ToyEmbedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text."""
        return [[float(value) for value in row] for row in self._embedder.embed_notes(texts)]

    def embed_query(self, text: str) -> list[float]:
        """The question's vector."""
        return [float(value) for value in self._embedder.embed_question(text)]


class NaiveIndex:
    """Pieces of notes in one Chroma directory, upserted over what is live."""

    def __init__(
        self, folder: Path, store: Path, embedder: ToyEmbedder | None = None, **settings: Any
    ) -> None:
        self._folder = folder
        self.store = store
        self.database = Chroma(
            COLLECTION,
            embedding_function=ToyEmbeddings(embedder or ToyEmbedder()),
            persist_directory=str(store),
            **settings,
        )

    def sync(self) -> None:
        """Read, cut and add everything: what has an id already is overwritten."""
        numbered: dict[str, int] = {}
        for piece in pieces_of(self._folder):
            number = numbered[piece.source] = numbered.get(piece.source, 0) + 1
            self.database.add_texts(
                [piece.text], [{"source": piece.source}], [f"{piece.source}/{number}"]
            )

    def pieces(self) -> list[Piece]:
        """All that Chroma holds."""
        held = self.database.get(include=["documents", "metadatas"])
        pairs = zip(held["metadatas"], held["documents"], strict=True)
        return sorted(
            (Piece(str(metadata["source"]), text) for metadata, text in pairs),
            key=lambda piece: piece.source,
        )

    def nearest(self, question: str) -> list[Piece]:
        """The nearest four."""
        return [
            Piece(str(found.metadata["source"]), found.page_content)
            for found in self.database.similarity_search(question, 4)
        ]

    def passages(self, question: str) -> list[Piece]:
        """The same: there is no other view of a piece."""
        return self.nearest(question)

    def answer(self, question: str) -> str:
        """The nearest pieces, each with its number behind it."""
        found = self.nearest(question)
        return "\n".join(f"{piece.text} [{number}]" for number, piece in enumerate(found, start=1))

    def footnotes(self, question: str) -> tuple[list[int], list[int]]:
        """Whatever looks like one is taken for one."""
        linked = re.findall(r"\[(\d+(?:, ?\d+)*)\]", self.answer(question))
        numbers = [int(number) for group in linked for number in group.split(",")]
        return numbers, list(range(1, len(self.nearest(question)) + 1))

    def shown(self, question: str) -> str:
        """The answer, and below it where each number leads."""
        found = self.nearest(question)
        sources = [f"[{number}] {piece.source}" for number, piece in enumerate(found, start=1)]
        return "\n".join([self.answer(question), *sources])

    def prompt(self, question: str) -> str:
        """What the tutorial's chain sends to a model, as text."""
        template = ChatPromptTemplate.from_messages(
            [("system", f"{NAIVE_INSTRUCTION}\n\n{{context}}"), ("human", "{question}")]
        )
        context = "\n\n".join(piece.text for piece in self.nearest(question))
        return template.format(context=context, question=question)

    def close(self) -> None:
        """Give the directory back."""
        self.database._client.close()


class OurIndex:
    """The same folder, ingested and asked as Footnote does it, with toys for its models."""

    def __init__(
        self,
        folder: Path,
        directory: Path,
        embedder: ToyEmbedder | None = None,
        *,
        store: Store = "exact",
    ) -> None:
        self._folder = folder
        self.store = directory
        self._embedder = embedder or ToyEmbedder()
        self._kind: Store = store
        self._chain: NotesChain | None = None

    def sync(self) -> None:
        """Ingest."""
        ingest_notes([self._folder], self.store, embedder=self._embedder)

    def chain(self) -> NotesChain:
        """The chain over the index; the newest state of it at each question."""
        if self._chain is None:
            index = NotesIndex.open(self.store, store=self._kind)
            library = NotesLibrary(index, self._embedder, WordReranker())
            self._chain = NotesChain(library)
        return self._chain

    def pieces(self) -> list[Piece]:
        """The chunks of every section, as they are embedded."""
        with NotesIndex.open(self.store, store="exact") as index:
            found = []
            for section in index.sections():
                number = 0
                while (text := _chunk(index, f"{section.id}/{number}")) is not None:
                    found.append(Piece(section.source, text))
                    number += 1
            return found

    def nearest(self, question: str) -> list[Piece]:
        """The nearest four chunks by vectors alone."""
        with NotesIndex.open(self.store, store=self._kind) as index:
            hits = index.nearest(self._embedder.embed_question(question), 4)
            chunks = [index.chunk(chunk_id) for chunk_id, _ in hits]
            return [Piece(index.section(c.section_id).source, c.text) for c in chunks]

    def passages(self, question: str) -> list[Piece]:
        """What a search finds, as a model would be handed it."""
        found = self.chain().search(Question(question))
        return [Piece(passage.source, passage.words) for passage in found]

    def answer(self, question: str) -> str:
        """The text of the answer, with its markers."""
        return self.chain().invoke(Question(question)).text

    def footnotes(self, question: str) -> tuple[list[int], list[int]]:
        """What `MARKER` finds, and one number for each citation."""
        given = self.chain().invoke(Question(question))
        linked = [int(number) for number in MARKER.findall(given.text)]
        return linked, [citation.number for citation in given.citations]

    def shown(self, question: str) -> str:
        """What the terminal prints."""
        screen = StringIO()
        Terminal(StringIO(), screen, StringIO()).answer(self.chain().invoke(Question(question)))
        return screen.getvalue()

    def close(self) -> None:
        """Let go of the index."""
        if self._chain is not None:
            self._chain.close()
            self._chain = None


def _chunk(index: NotesIndex, chunk_id: str) -> str | None:
    try:
        return index.chunk(chunk_id).text
    except KeyError:
        return None
