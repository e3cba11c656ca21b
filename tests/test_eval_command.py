"""`footnote eval`: what it prints where, what it writes, and what its exit codes mean."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import write_notes
from eval_bench import IDS, ITEMS, NOTE, UNASKED, Bench, bench_in, entry, own_environment

REPORTS = {"results.jsonl", "report.json", "report.md", "junit.xml", "index.html"}


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    with own_environment():
        yield


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return bench_in(tmp_path, capsys)


def test_a_run_that_passes_says_so_and_writes_every_report(bench: Bench) -> None:
    bench.remember()
    done = bench.run("run")
    assert (done.code, done.problems) == (0, [])
    assert "5 askings, 0 missed" in done.out
    assert "Passed. Look: .footnote/evals/report/index.html" in done.out
    assert {path.name for path in Path(".footnote/evals/report").iterdir()} == REPORTS
    assert all(path.stat().st_size for path in Path(".footnote/evals/report").iterdir())
    lines = Path(".footnote/evals/report/results.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == IDS


def test_without_an_action_it_runs_and_reports_go_where_they_are_told(bench: Bench) -> None:
    bench.remember()
    assert bench.run("--report", "elsewhere/below").code == 0
    assert {path.name for path in Path("elsewhere/below").iterdir()} == REPORTS
    assert not Path(".footnote/evals/report").exists()


def test_a_miss_alone_fails_nothing_and_is_counted_by_its_cause(bench: Bench) -> None:
    bench.remember("size")
    done = bench.run("run")
    assert done.code == 0
    assert "5 askings, 1 missed (1 needlessly declined)" in done.out


def test_a_floor_that_is_not_reached_gives_1(bench: Bench) -> None:
    bench.remember("size")
    write_notes(bench.folder / "golden", {"floors.yml": "all: {passed: {at_least: 0.9}}\n"})
    done = bench.run("run")
    assert done.code == 1
    assert "all · passed: 0.800 (n = 5; at least 0.9): FAILED" in done.out
    assert "A floor was not reached." in done.out
    write_notes(bench.folder, {"low.yml": "all: {passed: {at_least: 0.8}}\n"})
    assert bench.run("run", "--floors", "low.yml").code == 0


def test_worse_than_the_baseline_gives_2_and_names_the_case(bench: Bench) -> None:
    bench.remember("disk")
    assert bench.run("run", "--bless").code == 0
    assert bench.baseline() == {item_id: item_id != "disk" for item_id in sorted(IDS)}
    assert bench.run("run").code == 0
    bench.remember("size")
    done = bench.run("run")
    assert done.code == 2
    assert "WORSE: size: How large can an object in a bucket be?" in done.out
    assert "better: disk: What is a volume?" in done.out
    assert "Worse than the baseline." in done.out
    assert "size" in Path(".footnote/evals/report/report.md").read_text("utf-8")


def test_a_case_that_could_not_be_asked_gives_4_and_its_reason(bench: Bench) -> None:
    bench.remember()
    # Nobody has the weights of the toy: the case that is left cannot be asked.
    bench.golden(*ITEMS, entry("new", "What is new?", "A bucket holds objects.", "Buckets"))
    done = bench.run("run")
    assert done.code == 4
    assert len(done.problems) == 1
    assert "toy" in done.problems[0]


def test_a_case_that_raised_gives_4_and_is_not_blessed(bench: Bench) -> None:
    bench.remember(raised="size")
    done = bench.run("run", "--bless")
    assert (done.code, done.problems) == (4, ["size: OSError: disk gone"])
    assert "Some questions could not be asked." in done.out
    assert not Path("golden/baseline.json").exists()


def test_nothing_but_bless_writes_a_baseline(bench: Bench) -> None:
    bench.remember()
    for arguments in (["run"], ["lint"], ["mutate"], ["run", "--only", "fact"]):
        bench.run(*arguments)
    assert sorted(path.name for path in Path("golden").iterdir()) == ["items.yaml"]
    bench.run("run", "--bless")
    before = Path("golden/baseline.json").read_bytes()
    bench.remember("size", "disk")
    assert bench.run("run").code == 2
    assert Path("golden/baseline.json").read_bytes() == before
    assert bench.run("run", "--bless").code == 0  # on purpose, and so not held against itself
    assert not bench.baseline()["size"]


def test_bless_writes_the_baseline_that_it_was_told(bench: Bench) -> None:
    bench.remember()
    assert bench.run("run", "--bless", "--baseline", "kept/mine.json").code == 0
    assert not Path("golden/baseline.json").exists()
    assert bench.run("run", "--baseline", "kept/mine.json").code == 0


def test_a_part_is_never_blessed(bench: Bench) -> None:
    # It would leave every other case out of the baseline, and so gate nothing of them.
    bench.remember()
    done = bench.run("run", "--bless", "--only", "fact")
    assert done.code == 4
    assert len(done.problems) == 1
    assert not Path("golden/baseline.json").exists()


def test_only_asks_what_is_named_and_gates_nothing(bench: Bench) -> None:
    bench.remember()
    write_notes(bench.folder / "golden", {"floors.yml": "all: {passed: {at_least: 0.9}}\n"})
    bench.run("run", "--bless")
    bench.remember(*IDS)
    assert bench.run("run").code == 1
    done = bench.run("run", "--only", "off_topic", "--json")
    report = json.loads(done.out)
    assert done.code == 0
    assert [case["id"] for case in report["cases"]] == ["football"]
    assert (report["floors"], report["comparison"], report["cases"][0]["passed"]) == (
        [],
        None,
        False,
    )


@pytest.mark.parametrize("action", ["run", "lint", "mutate"])
def test_json_is_one_object_and_nothing_else(bench: Bench, action: str) -> None:
    bench.remember("size")
    done = bench.run(action, "--json")
    assert done.out.count("\n") == 1
    assert isinstance(json.loads(done.out), dict)
    if action == "run":
        stored = json.loads(Path(".footnote/evals/report/report.json").read_text("utf-8"))
        assert json.loads(done.out) == stored


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_step_summary_is_added_to(bench: Bench, options: list[str]) -> None:
    bench.remember()
    summary = bench.folder / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    os.environ["GITHUB_STEP_SUMMARY"] = str(summary)
    assert bench.run("run", *options).code == 0
    report = Path(".footnote/evals/report/report.md").read_text("utf-8")
    assert summary.read_text("utf-8") == f"before\n{report}"


def test_results_of_other_settings_are_others(bench: Bench) -> None:
    bench.remember(*IDS)
    bench.remember(rerank=False)
    assert "5 missed" in bench.run("run").out
    assert "0 missed" in bench.run("run", "--no-rerank").out


def test_lint_of_a_clean_set_gives_0_and_tells_the_coverage(bench: Bench) -> None:
    done = bench.run("lint")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "storage.md › Storage › Buckets: 2",
        "storage.md › Storage › Volumes: 2",
        "5 items, 0 drafts; 2 of 2 sections covered",
    ]


def test_lint_of_a_stale_set_gives_3_and_a_line_a_problem(bench: Bench) -> None:
    stale = entry("stale", "What was it?", "A bucket holds things.", "Buckets")
    bench.golden(
        *ITEMS[1:], stale, entry("again", "what is a volume", "The largest volume", "Volumes")
    )
    done = bench.run("lint")
    assert done.code == 3
    assert [line.partition(":")[0] for line in done.problems] == [
        "stale evidence",
        "duplicate question",
    ]
    bench.golden(*ITEMS[1:])
    assert bench.run("lint").problems == [
        "uncovered section: storage.md › Storage › Buckets: 1, wanted 2"
    ]


def test_mutations_that_are_caught_give_0(bench: Bench) -> None:
    bench.remember()
    done = bench.run("mutate")
    assert (done.code, done.problems) == (0, [])
    assert "mutation score 1.000, at least 0.95 wanted" in done.out
    told = json.loads(bench.run("mutate", "--json").out)
    assert told["caught"] == 1.0
    assert len(told["mutations"]) == 8
    assert not Path(".footnote/evals/report").exists()  # the reports are of a run


def test_mutations_that_slip_through_give_1(bench: Bench) -> None:
    # "8 or 8" says nothing that the quote does not.
    slippery = entry("either", "How many?", UNASKED, "Volumes")
    slippery["key_facts"] = [{"text": "disks", "any_of": ["disks"]}]
    bench.golden(slippery)
    bench.remember()
    assert bench.run("mutate").code == 1


def test_with_no_good_answer_there_is_nothing_to_mutate(bench: Bench) -> None:
    bench.remember(*IDS)
    done = bench.run("mutate")
    assert done.code == 4
    assert done.problems == ["no case passed, so there is no good answer to corrupt"]


@pytest.mark.parametrize("action", ["run", "lint", "mutate"])
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"items.yaml": "- id: [unclosed"}, ["items.yaml: cannot be read"]),
        ({"items.yaml": "id: one\n"}, ["items.yaml: not a list of items"]),
        ({"items.yaml": "[]\n"}, ["golden: the golden set holds no item"]),
        (
            {"items.yaml": json.dumps([ITEMS[0], ITEMS[0], ITEMS[4] | {"colour": "red"}])},
            ["items.yaml: size: id: 'size' is also in", "items.yaml: football: colour: "],
        ),
    ],
)
def test_a_malformed_golden_set_gives_3_and_a_line_a_problem(
    bench: Bench, action: str, files: dict[str, str], said: list[str]
) -> None:
    write_notes(bench.folder / "golden", files)
    done = bench.run(action)
    assert (done.code, done.out) == (3, "")
    assert len(done.problems) == len(said)
    assert all(begin in line for begin, line in zip(said, done.problems, strict=True))


def one_line(bench: Bench, *arguments: str, index: bool = True) -> str:
    """The one problem of a command that could not do its work."""
    done = bench.run(*arguments, index=index)
    assert (done.code, done.out) == (4, "")
    (problem,) = done.problems
    return problem


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--colour", "red"],
        ["lint", "--bless"],
        ["mutate", "--only", "fact"],
        ["run", "--only", "riddle"],
        ["run", "--notes", "notes"],  # beside --index
        ["run", "--report"],
        ["frobnicate"],
    ],
)
def test_what_cannot_be_typed_gives_4_in_one_line(bench: Bench, arguments: list[str]) -> None:
    assert "--help" in one_line(bench, *arguments)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "--bless"),
        ('{"passed": {}}', "--bless"),
        ('{"machine": {}, "passed": {}, "scorer_version": 0}', "scorer version 0"),
    ],
)
def test_a_baseline_that_cannot_be_read_gives_4(bench: Bench, text: str, said: str) -> None:
    bench.remember()
    write_notes(bench.folder / "golden", {"baseline.json": text})
    assert said in one_line(bench, "run")
    assert bench.run("mutate").code == 0  # it is not about the baseline
    assert bench.run("run", "--bless").code == 0  # the way out


@pytest.mark.parametrize("option", ["--baseline", "--floors"])
def test_a_file_that_was_named_must_be_there(bench: Bench, option: str) -> None:
    bench.remember()
    assert "missing.file" in one_line(bench, "run", option, "missing.file")


def test_floors_that_bound_nothing_give_4(bench: Bench) -> None:
    bench.remember()
    write_notes(bench.folder / "golden", {"floors.yml": "all: {passed: {least: 1}}\n"})
    assert "floors.yml: all.passed" in one_line(bench, "run")


@pytest.mark.parametrize("action", ["run", "lint", "mutate"])
def test_an_index_or_notes_that_are_missing_give_4(bench: Bench, action: str) -> None:
    assert "missing" in one_line(bench, action, "--index", "missing")
    assert "missing" in one_line(bench, action, "--notes", "missing", index=False)


def test_reports_that_cannot_be_written_give_4(bench: Bench) -> None:
    bench.remember()
    assert "items.yaml" in one_line(bench, "run", "--report", "golden/items.yaml")


@pytest.mark.slow
def test_real_answers_are_remembered_and_a_changed_note_makes_the_set_stale(bench: Bench) -> None:
    first = bench.run("run", "--bless", "--json", index=False)
    report = json.loads(first.out)
    assert (first.code, report["asked"]) == (0, len(ITEMS))
    assert {case["id"]: case["passed"] for case in report["cases"]} == dict.fromkeys(IDS, True)
    assert report["control"]["all"]["passed"]["n"] == len(ITEMS)  # the tutorial's chain, too
    again = json.loads(bench.run("run", "--json", index=False).out)
    assert (again["exit"], again["asked"]) == (0, 0)
    assert again["figures"] == report["figures"]
    changed = NOTE.replace("An object can have 5 TB.", "An object can have 6 TB.")
    write_notes(bench.folder / "notes", {"storage.md": changed})
    assert [line.partition(": ")[2][:5] for line in bench.run("lint", index=False).problems] == [
        "size:"
    ]
    after = bench.run("run", "--no-control", index=False)
    assert after.code == 3
    assert [line[:21] for line in after.problems] == ["stale evidence: size:"]


def test_evidence_that_the_notes_no_longer_have_is_3_and_nothing_is_asked(bench: Bench) -> None:
    bench.golden(entry("gone", "What does a bucket cost?", "A bucket costs $3.", "Buckets"))
    done = bench.run()
    assert done.code == 3
    assert [line.partition(":")[0] for line in done.problems] == ["stale evidence"]
