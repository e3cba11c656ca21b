"""A folder to run `footnote eval` in: notes, a golden set, and results that are remembered."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from conftest import ToyEmbedder, write_notes

from evals.asked_model import AskedModel
from evals.command import main
from evals.evaluation import Subject
from evals.golden_set import load_golden
from evals.results import CitedPlace, FoundPlace, Result, Writing
from evals.runner import ResultFile
from ingest.pipeline import ingest_notes

BUCKETS = (
    ("size", "How large can an object in a bucket be?", "An object can have 5 TB."),
    ("holds", "What does a bucket hold?", "A bucket holds objects."),
)
VOLUMES = (
    ("disk", "What is a volume?", "A volume is a disk for a server."),
    ("most", "How large is the largest volume?", "The largest volume has 16 TB."),
)
UNASKED = "A rack holds 5 or 8 disks."
NOTE = (
    "# Storage\n\n"
    f"## Buckets\n\n{' '.join(quote for _, _, quote in BUCKETS)}\n\n"
    f"## Volumes\n\n{' '.join(quote for _, _, quote in VOLUMES)}\n\n{UNASKED}\n"
)


def entry(item_id: str, question: str, quote: str, heading: str) -> dict[str, Any]:
    return {
        "id": item_id,
        "question": question,
        "answerable": True,
        "type": "fact",
        "topic": "storage",
        "key_facts": [{"text": quote, "any_of": [quote.rstrip(".")]}],
        "evidence": [{"file": "storage.md", "heading": heading, "quote": quote}],
    }


ITEMS = (
    *(entry(*each, heading="Buckets") for each in BUCKETS),
    *(entry(*each, heading="Volumes") for each in VOLUMES),
    {
        "id": "football",
        "question": "Who won the football world cup?",
        "answerable": False,
        "type": "off_topic",
        "topic": "sport",
    },
)
IDS = [str(item["id"]) for item in ITEMS]


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def problems(self) -> list[str]:
        """The lines on standard error that are no progress."""
        return [line for line in self.err.splitlines() if not line.endswith("…")]


@dataclass
class Bench:
    """A folder with notes, a golden set, and an index whose results are remembered.

    The index needs no weights, so nothing can be asked: what was not remembered would fail.
    """

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def golden(self, *items: dict[str, Any]) -> None:
        # JSON is YAML, and needs no care with colons.
        write_notes(self.folder / "golden", {"items.yaml": json.dumps(items)})

    def remember(
        self,
        *wrong: str,
        rerank: bool = True,
        raised: str = "",
        model: AskedModel | None = None,
        writings: Mapping[str, Writing] = MappingProxyType({}),
    ) -> None:
        """Keep a right answer to each case, the wrong decision for those named.

        With a model it is the model's, written as `writings` say, by case.
        """
        key = Subject(Path("index"), "toy", rerank, model=model).key()
        kept = ResultFile(Path(f".footnote/evals/results/{key}.jsonl"))
        for case in load_golden(Path("golden")).cases():
            result = answered(case.id, *case.item.evidence)
            if case.id in wrong:
                result = replace(result, declined=not result.declined)
            if model is not None:
                written = writings.get(case.id, Writing(model.label))
                result = replace(result, writing=written)
            if case.id == raised:
                result = Result(case.id, declined=False, text="", error="OSError: disk gone")
            kept.put(case, result)
        kept.close()

    def run(self, *arguments: str, index: bool = True) -> Outcome:
        over = ["--index", "index"] if index else ["--notes", "notes"]
        action = [arguments[0]] if arguments and not arguments[0].startswith("-") else []
        rest = arguments[len(action) :]
        code = main([*action, "--golden", "golden", *over, *rest])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err
        return Outcome(code, said.out, said.err)

    def baseline(self) -> dict[str, bool]:
        stored = json.loads(Path("golden/baseline.json").read_text(encoding="utf-8"))
        assert isinstance(stored["passed"], dict)
        return stored["passed"]


def answered(case_id: str, *evidence: Any) -> Result:
    """A right answer: a quote of the evidence, or a refusal where there is none."""
    heading = ("Storage", evidence[0].heading if evidence else "Buckets")
    found = (FoundPlace("storage.md", heading, 0.9), FoundPlace("storage.md", ("Storage",), 0.5))
    if not evidence:
        return Result(case_id, True, "Your notes don't answer this.", 0.1, (), found)
    quote = evidence[0].quote
    cited = CitedPlace(1, "storage.md", heading, quote, 0, len(quote), is_exact=True)
    return Result(case_id, False, f"{quote} [1]", 0.9, (cited,), found)


@contextmanager
def own_environment() -> Iterator[None]:
    """Leave the process's environment as it was: `main` sets it."""
    before = dict(os.environ)
    os.environ.pop("GITHUB_STEP_SUMMARY", None)
    os.environ["COLUMNS"] = "200"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def bench_in(folder: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    """A folder with notes, their index and the golden set of `ITEMS`."""
    write_notes(folder / "notes", {"storage.md": NOTE})
    ingest_notes([folder / "notes"], folder / "index", embedder=ToyEmbedder())
    made = Bench(folder, capsys)
    made.golden(*ITEMS)
    return made
