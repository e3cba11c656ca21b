"""Public question sets, one table: `footnote eval public DATA [--only SET] [--limit N]`.

DATA is a folder that holds the sets as they are published, each in a folder of its own; what
is missing is skipped, and the table says so. Nothing is downloaded. `--cache DIR` keeps the
indexes between runs: embedding the large folder takes minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from chatbot.privacy import keep_private
from evals.public import awsdocs, clapnq, mtrag_retrieval, xquad
from evals.public.reading import DataMissing, Models, OnProgress, Packaged, Row
from evals.public.validity import ValidityReport, measure_validity


class Adapter(Protocol):
    """What measures one set."""

    def __call__(
        self, data: Path, work: Path, *, models: Models, limit: int | None, on_progress: OnProgress
    ) -> list[Row]:
        """The set's rows; notes and indexes are kept in `work`."""
        ...


SETS: Mapping[str, Adapter] = {
    xquad.NAME: xquad.measure,
    clapnq.NAME: clapnq.measure,
    mtrag_retrieval.NAME: mtrag_retrieval.measure,
    awsdocs.NAME: awsdocs.measure,
}


def silent(_: str) -> None:
    """Tell nobody."""


def measure(
    data: Path,
    *,
    only: Sequence[str] = (),
    limit: int | None = None,
    cache: Path | None = None,
    models: Models | None = None,
    on_progress: Callable[[str], None] = silent,
) -> list[Row]:
    """The rows of every set in `data`, or of those named in `only`, in the order of `SETS`.

    A set whose files are not there gives one row, without a number and with the reason.
    `limit` asks at most so many questions of each set, spread over it, and of all its notes.

    Raises:
        ValueError: `only` names a set that is none, or `limit` is not positive.
    """
    if unknown := sorted(set(only) - set(SETS)):
        raise ValueError(f"There is no set {unknown}. The sets are {sorted(SETS)}.")
    if limit is not None and limit < 1:
        raise ValueError(f"A limit of {limit} asks nothing. Give 1 or more, or none.")
    table: list[Row] = []
    with nullcontext(cache) if cache else tempfile.TemporaryDirectory() as work:
        for name, adapter in SETS.items():
            if only and name not in only:
                continue
            try:
                table += adapter(
                    data,
                    Path(work) / name,
                    models=models or Packaged(),
                    limit=limit,
                    on_progress=on_progress,
                )
            except DataMissing as missing:
                on_progress(f"{name}: skipped. {missing}")
                table.append(Row(name, "skipped", 0, None, note=str(missing)))
    return table


def as_markdown(table: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| set | measure | n | ours | naive chain | 95 % of ours | |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in table:
        ends = (row.interval.low, row.interval.high) if row.interval else ()
        cells = (
            row.dataset,
            row.measure,
            str(row.n),
            "n/a" if row.ours is None else _written(row.ours),
            "" if row.naive is None else _written(row.naive),
            " to ".join(_written(end) for end in ends),
            row.note,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _written(value: float) -> str:
    """Three decimals for shares; one for what is counted in words."""
    return f"{value:.3f}" if abs(value) <= 1 else f"{value:.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when done, 2 where there is no such folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("--only", action="append", default=[], choices=sorted(SETS))
    parser.add_argument("--limit", type=int, metavar="N", help="questions of each set")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the indexes there")
    parser.add_argument("--json", action="store_true", help="one JSON object a row")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        parser.error(f"There is no folder '{options.data}'. Name the one that holds the sets.")
    if options.limit is not None and options.limit < 1:
        parser.error(f"A limit of {options.limit} asks nothing. Give 1 or more, or none.")
    keep_private(tracing=False)
    table = measure(
        options.data,
        only=options.only,
        limit=options.limit,
        cache=options.cache,
        on_progress=lambda line: print(line, file=sys.stderr, flush=True),
    )
    validity = _validity(options.data) if not options.only else None
    if options.json:
        for row in table:
            print(json.dumps(asdict(row), ensure_ascii=False))
        if validity is not None:
            print(json.dumps(validity.to_json(), ensure_ascii=False))
        return 0
    print(as_markdown(table))
    if validity is not None:
        header, *rows = validity.rows()
        lines = [header, tuple("---" for _ in header), *rows]
        print("\nGroundedness against people's ratings:\n")
        print("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
    return 0


def _validity(data: Path) -> ValidityReport | None:
    """How well groundedness agrees with people, where their ratings are in the folder."""
    try:
        return measure_validity(data)
    except FileNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main())
