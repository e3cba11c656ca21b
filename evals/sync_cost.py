"""What it costs to keep an index in step: the first ingest, nothing changed, one section edited.

Run it as `python -m evals.sync_cost --sections 1000 10000 [--embed]`.

Makes notes of ten sections each, ingests them, and then edits a section at a time. Without
`--embed` vectors cost nothing, so that what is left is reading, dividing, storing and checking;
with it the packaged embedder is loaded before the clock starts. Ratios are of medians.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import numpy as np

from chatbot.privacy import keep_private
from ingest.embedders import open_embedder
from ingest.embedding import (
    DEFAULT_EMBEDDER,
    Embedder,
    EmbedderIdentity,
    Progress,
    Vectors,
    unit_rows,
)
from ingest.pipeline import ingest_notes

SECTIONS_A_NOTE = 10
EDITS = 5
DIMENSION = 384


class FreeEmbedder:
    """Vectors drawn from a text's hash: they cost nothing and mean nothing."""

    identity = EmbedderIdentity("free", "1", DIMENSION, "float32")
    window = 256

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count words, and two for what a real model adds."""
        return [len(text.split()) + 2 for text in texts]

    def embed_notes(self, texts: Sequence[str], on_progress: Progress | None = None) -> Vectors:
        """Return one unit row per text: float32 [n, 384]."""
        if on_progress is not None:
            on_progress(len(texts), len(texts))
        rows = [self.embed_question(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, DIMENSION), dtype=np.float32)

    def embed_question(self, text: str) -> Vectors:
        """Return the text's unit vector: float32 [384]."""
        seed = int.from_bytes(sha256(text.encode("utf-8", "replace")).digest()[:8])
        return unit_rows(np.random.default_rng(seed).standard_normal(DIMENSION))


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall-clock; of the repeated ones the medians."""

    sections: int
    first: float
    unchanged: float
    edited: float

    def __str__(self) -> str:
        return (
            f"{self.sections:>7,} sections: first {self.first:.1f} s;"
            f" unchanged {self.unchanged:.2f} s, 1/{self.first / self.unchanged:,.0f} of it;"
            f" one section edited {self.edited:.2f} s, {self.edited / self.first:.1%} of it"
        )


def write_notes(folder: Path, sections: int, random_: random.Random) -> None:
    """Write notes of so many sections in all, each of two sentences and a list."""
    words = [f"word{number}" for number in range(5000)]

    def sentence() -> str:
        return f"{' '.join(random_.choices(words, k=8)).capitalize()}."

    folder.mkdir(parents=True)
    for number in range(sections // SECTIONS_A_NOTE):
        parts = (
            f"## Part {number}.{part}\n\n{sentence()} {sentence()}\n\n"
            f"- {sentence()}\n- {sentence()}\n"
            for part in range(SECTIONS_A_NOTE)
        )
        text = f"# Note {number}\n\n" + "\n".join(parts)
        (folder / f"note-{number:05}.md").write_text(text, encoding="utf-8")


def measure(sections: int, embedder: Embedder | None) -> Cost:
    """Ingest, ingest again, and edit, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as scratch:
        notes, index = Path(scratch) / "notes", Path(scratch) / "index"
        write_notes(notes, sections, random.Random(0))

        def seconds() -> float:
            began = perf_counter()
            ingest_notes([notes], index, embedder=embedder or FreeEmbedder())
            return perf_counter() - began

        first = seconds()
        unchanged, edited = [], []
        for note in sorted(notes.iterdir())[:EDITS]:
            unchanged.append(seconds())
            text = note.read_text(encoding="utf-8")
            note.write_text(text.replace(".4\n\n", ".4\n\nThis is new. ", 1), encoding="utf-8")
            edited.append(seconds())
        return Cost(sections, first, statistics.median(unchanged), statistics.median(edited))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when done."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sections", type=int, nargs="+", default=[1000], metavar="N")
    parser.add_argument("--embed", action="store_true", help="with the packaged embedder")
    options = parser.parse_args(arguments)
    if min(options.sections) < SECTIONS_A_NOTE * EDITS:
        parser.error(f"--sections: at least {SECTIONS_A_NOTE * EDITS}")
    keep_private(tracing=False)
    embedder: Embedder | None = None
    with tempfile.TemporaryDirectory() as models:
        if options.embed:
            embedder = open_embedder(DEFAULT_EMBEDDER, Path(models))
            embedder.embed_notes(["Load the weights."])
        for sections in options.sections:
            print(measure(sections, embedder), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
