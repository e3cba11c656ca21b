"""The chain of every tutorial, as a peer: `python -m evals.naive_chain --help`.

With `NOTES --store DIR` it embeds the notes into DIR; with `--question` too it prints the
chunks that are nearest to the question, from DIR.

Files are cut into chunks of 1,000 characters that overlap by 200, embedded by the same
packaged all-MiniLM-L6-v2 as ours through sentence-transformers, and kept in a Chroma
directory. A question gets the nearest four chunks: no words searched, no reranking, no
answer, no citation.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.privacy import keep_private

if TYPE_CHECKING:
    from langchain_chroma import Chroma

CHUNK_SIZE = 1000  # characters
CHUNK_OVERLAP = 200
NEAREST = 4  # what LangChain's vector stores return when nobody says how many
SEPARATORS = ("\n\n", "\n", " ", "")
SUFFIXES = (".md", ".markdown", ".txt")
COLLECTION = "tutorial"
ADDED_AT_ONCE = 1000  # Chroma refuses more than some five thousand


@dataclass(frozen=True, slots=True)
class Piece:
    """A chunk, and the file that it was cut from, relative to the notes folder."""

    source: str
    text: str


def split(text: str, separators: Sequence[str] = SEPARATORS) -> list[str]:
    """Cut `text` as LangChain's RecursiveCharacterTextSplitter does, at paragraphs if it can.

    Each chunk has at most `CHUNK_SIZE` characters and repeats up to `CHUNK_OVERLAP` of the
    one before.
    """
    separator, *finer = separators
    while separator and separator not in text:
        separator, *finer = finer
    pieces = text.split(separator) if separator else list(text)
    chunks: list[str] = []
    held: list[str] = []
    for piece in pieces:
        if len(piece) > CHUNK_SIZE:
            chunks += [*_joined(held, separator), *split(piece, finer)]
            held = []
        else:
            held.append(piece)
    return [*chunks, *_joined(held, separator)]


def _joined(pieces: Sequence[str], separator: str) -> Iterator[str]:
    """Put neighbours together while they fit; each chunk begins with the end of the last."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        if held and size + len(piece) + len(separator) > CHUNK_SIZE:
            yield separator.join(held)
            while held and (
                size > CHUNK_OVERLAP or size + len(piece) + len(separator) > CHUNK_SIZE
            ):
                size -= len(held.pop(0)) + len(separator)
        held.append(piece)
        size += len(piece) + len(separator)
    if held and (last := separator.join(held)).strip():
        yield last


def pieces_of(notes: Path) -> list[Piece]:
    """The chunks of a note, or of every note in a folder, in order of file names."""
    folder = notes.parent if notes.is_file() else notes
    files = [notes] if notes.is_file() else sorted(notes.rglob("*"))
    return [
        Piece(path.relative_to(folder).as_posix(), chunk)
        for path in files
        if path.suffix in SUFFIXES
        for chunk in split(path.read_text("utf-8", "replace"))
    ]


class NaiveChain:
    """The embedder and a directory of chunks, opened once for any number of questions."""

    def __init__(self, store: Path) -> None:
        self._database = _database(store)

    def add(self, pieces: Sequence[Piece]) -> None:
        """Embed the pieces into the store."""
        for begin in range(0, len(pieces), ADDED_AT_ONCE):
            batch = pieces[begin : begin + ADDED_AT_ONCE]
            self._database.add_texts(
                [piece.text for piece in batch], [{"source": piece.source} for piece in batch]
            )

    def nearest(self, question: str, limit: int = NEAREST) -> list[Piece]:
        """The pieces nearest to the question, best first, at most `limit`."""
        return [
            Piece(str(found.metadata["source"]), found.page_content)
            for found in self._database.similarity_search(question, limit)
        ]


def _database(store: Path) -> Chroma:
    """Load what takes seconds to import, the model too, and open the store."""
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings
    from sentence_transformers import SentenceTransformer

    from ingest.weights import MINILM

    model = SentenceTransformer(str(MINILM.verified_folder()), device="cpu")

    class MiniLM(Embeddings):
        """What `HuggingFaceEmbeddings` does."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return [row.tolist() for row in model.encode(texts, show_progress_bar=False)]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    return Chroma(COLLECTION, embedding_function=MiniLM(), persist_directory=str(store))


def retrieve(notes: Path, store: Path, question: str | None) -> list[str]:
    """Return the chunks nearest to the question; with none, embed the notes into `store`."""
    chain = NaiveChain(store)
    if question is None:
        chain.add(pieces_of(notes))
        return []
    return [found.text for found in chain.nearest(question)]


def main(argv: Sequence[str] | None = None) -> int:
    """Build the store, or print what is nearest to the question."""
    parser = argparse.ArgumentParser(description="The tutorial's chain, to compare with.")
    parser.add_argument("notes", type=Path, metavar="NOTES")
    parser.add_argument("--question", help="what to look for; without it, make the store")
    parser.add_argument("--store", type=Path, required=True, metavar="DIR")
    options = parser.parse_args(argv)
    keep_private()
    for chunk in retrieve(options.notes, options.store, options.question):
        print(chunk, end="\n\n---\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
