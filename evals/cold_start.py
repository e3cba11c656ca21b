"""How long a first answer takes from nothing: `python -m evals.cold_start NOTES [--pairs N]`.

Runs `footnote ask` and the tutorial's chain (`evals.naive_chain`) in processes of their own,
one after the other, so that whatever else the machine does slows both. Both stores are made
before. Prints the median wall-clock seconds of each and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

QUESTION = "What is Amazon S3?"
PAIRS = 5


def seconds(command: Sequence[str]) -> float:
    """Run a command to its end, and return how long that took.

    Raises:
        SystemExit: it failed; with what it said.
    """
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    spent = perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return spent


def measure(
    notes: Path, question: str, pairs: int, folder: Path
) -> tuple[list[float], list[float]]:
    """Return the seconds of each of our answers, and of each of the tutorial's retrievals."""
    index, store = str(folder / "index"), str(folder / "store")
    naive = ["evals.naive_chain", str(notes), "--store", store]
    seconds(["chatbot.cli", "ingest", "--index", index, "--", str(notes)])
    seconds(naive)
    ours, theirs = [], []
    for pair in range(1, pairs + 1):
        ours.append(seconds(["chatbot.cli", "ask", "--json", "--index", index, "--", question]))
        theirs.append(seconds([*naive, "--question", question]))
        print(f"pair {pair}: footnote ask {ours[-1]:.2f} s, tutorial chain {theirs[-1]:.2f} s")
    return ours, theirs


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="A first answer, from a cold process.")
    parser.add_argument("notes", type=Path, metavar="NOTES")
    parser.add_argument("--question", default=QUESTION)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="cold-start-") as folder:
        ours, theirs = measure(
            options.notes.resolve(), options.question, options.pairs, Path(folder)
        )
    our_median, their_median = statistics.median(ours), statistics.median(theirs)
    print(f"median: footnote ask {our_median:.2f} s, tutorial chain {their_median:.2f} s")
    print(f"ratio:  {our_median / their_median:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
