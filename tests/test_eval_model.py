"""`footnote eval --model`: a model's answers beside the notes' own words, and what gates them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import write_notes
from eval_bench import BUCKETS, IDS, ITEMS, Bench, bench_in, entry, own_environment
from model_server import breaks_off, refuses, running_model_server, says

from chatbot.chat_models import ModelChoice
from evals.asked_model import AskedModel
from evals.results import Writing, WrittenSentence

NOWHERE = "http://127.0.0.1:9/v1"  # nobody answers there: what is remembered is not asked
TINY = AskedModel(ModelChoice("openai", "[tiny]", NOWHERE))
NAMED = ("--model", "[tiny]", "--model-url", NOWHERE)
STRUCK = WrittenSentence("It is blue.", "unsupported", problem="“blue” is not there")
WRITINGS = {
    "size": Writing(
        TINY.label,
        sentences=(WrittenSentence("5 TB.", "verified", "5 TB."), STRUCK),
        first_token=40.0,
        first_verified=90.0,
    ),
    "disk": Writing(
        "", "[tiny] wrote nothing that your notes hold.", sentences=(STRUCK,), first_token=60.0
    ),
    # Declined as it would have been without a model: nobody got other words than were wanted.
    "football": Writing("", "[tiny] wrote nothing that your notes hold."),
}


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    with own_environment():
        yield


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return bench_in(tmp_path, capsys)


def stored() -> dict[str, Any]:
    text = Path(".footnote/evals/report/report.json").read_text("utf-8")
    made: dict[str, Any] = json.loads(text)
    return made


def cells(out: str, metric: str) -> list[str]:
    (row,) = [line for line in out.splitlines() if line.startswith(f"│ {metric} ")]
    return [cell.strip() for cell in row.split("│")[2:-1]]


def test_a_model_stands_beside_the_notes_own_words(bench: Bench) -> None:
    bench.remember("most")
    bench.remember("size", "holds", model=TINY, writings=WRITINGS)
    done = bench.run("run", *NAMED)
    assert (done.code, done.problems) == (0, [])
    (head,) = [line for line in done.out.splitlines() if line.startswith("┃ metric")]
    assert [cell.strip() for cell in head.split("┃")[2:-1]] == ["with [tiny]", "own words", "n"]
    assert cells(done.out, "passed") == ["0.600", "0.800", "5"]
    assert cells(done.out, "sentences_verified") == ["0.333", "", "3"]
    assert cells(done.out, "sentences_dropped") == ["0.667", "", "3"]
    assert cells(done.out, "first_token_ms_p50") == ["40", "", "2"]
    assert f"Worded by [tiny] at {NOWHERE}" in done.out
    assert "1 pass only in its words, 2 only in the notes' own" in done.out
    assert "1 fell back: [tiny] wrote nothing that your notes hold." in done.out


def test_every_report_tells_of_the_model(bench: Bench) -> None:
    bench.remember()
    bench.remember("size", model=TINY, writings=WRITINGS)
    os.environ["FOOTNOTE_MODEL_KEY"] = "sk-a-key-of-nobody"
    assert bench.run("run", *NAMED).code == 0
    told = stored()
    assert told["model"]["label"] == TINY.label
    assert told["model"]["url"] == NOWHERE
    assert told["figures"]["all"]["passed"]["value"] == 0.8
    assert told["own_words"]["all"]["passed"]["value"] == 1.0
    assert told["writing"]["sentences_in_answers"] == {"value": 1 / 3, "n": 3, "interval": None}
    (size,) = [case for case in told["cases"] if case["id"] == "size"]
    assert size["given"]["writing"]["sentences"][1]["problem"] == STRUCK.problem
    assert size["own_words"]["passed"] is True
    for path in Path(".footnote/evals/report").iterdir():
        text = path.read_text("utf-8")
        assert "sk-a-key" not in text
        assert path.name == "junit.xml" or "blue" in text


def test_without_a_model_nothing_is_said_of_one(bench: Bench) -> None:
    bench.remember()
    assert "own words" not in bench.run("run").out
    told = stored()
    assert (told["model"], told["writing"], told["own_words"]) == (None, {}, {})
    assert {case["given"]["writing"] for case in told["cases"]} == {None}


def test_own_words_that_could_not_be_asked_are_told_and_give_4(bench: Bench) -> None:
    bench.remember(raised="size")
    bench.remember(model=TINY)
    done = bench.run("run", *NAMED)
    assert (done.code, done.problems) == (4, ["size: OSError: disk gone"])


@pytest.mark.parametrize("action", ["run", "mutate"])
def test_no_variable_makes_it_ask_a_model(bench: Bench, action: str) -> None:
    bench.remember()  # and nothing of a model's: asking one would fail
    with running_model_server() as server:
        os.environ["FOOTNOTE_MODEL"] = "tiny"
        os.environ["FOOTNOTE_MODEL_URL"] = server.url
        assert bench.run(action).code == 0
        assert server.requests == []


def test_floors_gate_a_model_and_its_grounding_does_not(bench: Bench) -> None:
    # Five answers are the fewest that a floor can tell of.
    bench.golden(*ITEMS, entry("again", "And in it is what?", BUCKETS[1][2], "Buckets"))
    floors = "all: {over_refusal: {at_most: 0.1}, groundedness: {at_least: 1.1}}\n"
    write_notes(bench.folder / "golden", {"floors.yml": floors})
    bench.remember()
    bench.remember(model=TINY, writings=WRITINGS)
    assert bench.run("run").code == 1
    assert bench.run("run", *NAMED).code == 0
    assert [floor["metric"] for floor in stored()["floors"]] == ["over_refusal"]
    bench.remember("size", "disk", model=TINY)
    done = bench.run("run", *NAMED)
    assert done.code == 1
    assert "all · over_refusal: 0.400 (n = 5; at most 0.1): FAILED" in done.out


@pytest.mark.parametrize("metric", ["sentences_verified", "answers_fell_back"])
def test_no_floor_can_be_set_for_a_ruling(bench: Bench, metric: str) -> None:
    write_notes(bench.folder / "golden", {"floors.yml": f"all: {{{metric}: {{at_least: 0.5}}}}\n"})
    bench.remember()
    bench.remember(model=TINY, writings=WRITINGS)
    done = bench.run("run", *NAMED)
    assert done.code == 4
    assert f"unknown metric '{metric}'" in done.problems[0]


def test_a_model_is_not_held_against_the_baseline_of_the_notes_own_words(bench: Bench) -> None:
    bench.remember()
    assert bench.run("run", "--bless").code == 0
    before = Path("golden/baseline.json").read_bytes()
    bench.remember(*IDS, model=TINY)
    assert bench.run("run", *NAMED).code == 0
    assert stored()["comparison"] is None
    for option in (["--bless"], ["--baseline", "golden/baseline.json"]):
        done = bench.run("run", *NAMED, *option)
        assert done.code == 4
        assert "go without --model" in done.problems[0]
    assert Path("golden/baseline.json").read_bytes() == before


def test_a_sample_is_asked_of_every_system_and_gates_nothing(bench: Bench) -> None:
    write_notes(bench.folder / "golden", {"floors.yml": "all: {passed: {at_least: 0.9}}\n"})
    bench.remember(*IDS)
    bench.remember(model=TINY)
    for named, passed in ((NAMED, True), ((), False)):
        assert bench.run("run", *named, "--sample", "3").code == 0
        told = stored()
        assert [case["id"] for case in told["cases"]] == ["size", "disk", "football"]
        assert {case["passed"] for case in told["cases"]} == {passed}
        assert told["floors"] == []
    assert told["own_words"] == {}
    assert "--sample" in bench.run("run", "--bless", "--sample", "3").problems[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--sample", "0"], "'0' is no whole number from 1 on"),
        (["--sample", "few"], "'few' is no whole number from 1 on"),
        (["--model", "tiny"], "--model is 'tiny', which does not say whose model"),
        (["--model", ""], "name no model"),
        (["--model-context", "900"], "--model-context and --model-timeout are of a model"),
        (["--model-url", "http://127.0.0.1:9/v1"], "Nothing answers at http://127.0.0.1:9/v1"),
    ],
)
@pytest.mark.parametrize("action", ["run", "mutate"])
def test_a_model_that_is_none_is_4_and_one_line(
    bench: Bench, action: str, arguments: list[str], said: str
) -> None:
    done = bench.run(action, *arguments)
    assert (done.code, done.out) == (4, "")
    (problem,) = done.problems
    assert said in problem


def test_a_models_answers_are_mutated_and_caught(bench: Bench) -> None:
    bench.remember(model=TINY, writings=WRITINGS)
    done = bench.run("mutate", *NAMED)
    assert (done.code, done.problems) == (0, [])
    assert "mutation score 1.000" in done.out


@pytest.mark.slow
def test_a_model_that_says_the_same_to_everything_is_heard_where_it_answers(bench: Bench) -> None:
    _, question, quote = BUCKETS[0]
    with running_model_server(says(f"{quote} [1] ", "It is 9 metres tall. [1]")) as server:
        done = bench.run("run", "--model-url", server.url, "--no-control", index=False)
        assert (done.code, done.problems) == (0, [])
        told = stored()
        cases = {case["id"]: case for case in told["cases"]}
        size = cases["size"]
        assert size["passed"]
        assert size["given"]["text"] == f"{quote} [1]"
        assert size["given"]["writing"]["model"] == f"tiny at {server.url}"
        assert size["given"]["writing"]["first_token"] > 0
        (kept, struck) = size["given"]["writing"]["sentences"]
        assert (kept["ruling"], struck["text"]) == ("verified", "")
        assert struck["problem"]
        most = cases["most"]["given"]  # what it says there is beside the question
        assert most["writing"]["model"] == ""
        assert quote not in most["text"]
        assert {case["own_words"]["passed"] for case in cases.values()} == {True}
        assert any(question in json.dumps(request.body) for request in server.requests)
        asked = len(server.requests)
        again = bench.run("run", "--model-url", server.url, "--no-control", index=False)
        assert (again.code, len([r for r in server.requests if "chat" in r.path])) == (
            0,
            len([r for r in server.requests[:asked] if "chat" in r.path]),
        )


@pytest.mark.slow
def test_a_model_that_refuses_ends_the_run_at_once_with_its_reason(bench: Bench) -> None:
    with running_model_server(refuses(401)) as server:
        done = bench.run("run", "--model-url", server.url, "--no-control", index=False)
        assert (done.code, done.out) == (4, "")
        (problem,) = done.problems
        assert "wants a key (HTTP 401). Set FOOTNOTE_MODEL_KEY" in problem
        assert len([r for r in server.requests if "chat" in r.path]) == 1


@pytest.mark.slow
def test_a_question_at_which_the_model_fails_falls_back_and_is_asked_again(bench: Bench) -> None:
    bench.golden(*ITEMS[:2])
    quotes = [f"{quote} [1]" for _, _, quote in BUCKETS]
    scripts = (says(quotes[0]), breaks_off("A bucket"), says(quotes[1]))
    with running_model_server(*scripts) as server:
        arguments = ["run", "--model-url", server.url, "--no-control"]
        done = bench.run(*arguments, index=False)
        assert done.code == 0
        assert "1 fell back: " in done.out
        failed = stored()
        assert failed["writing"]["model_failed"]["value"] == 0.5
        assert [case["passed"] for case in failed["cases"]] == [True, True]
        assert "broke off" in failed["cases"][1]["given"]["writing"]["failure"]
        assert bench.run(*arguments, index=False).code == 0
        assert (stored()["asked"], stored()["writing"]["model_failed"]["value"]) == (1, 0.0)
