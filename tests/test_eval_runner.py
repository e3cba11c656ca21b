"""A run asks each case once, keeps what it got, and goes on where it stopped."""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sample_report import asked, item, result

from evals.errors import HarnessFailed
from evals.golden_set import Case
from evals.progress import Progress
from evals.results import Result, Writing, WrittenSentence
from evals.runner import ResultFile, run
from evals.systems import Asking


@dataclass(frozen=True, slots=True)
class Echo:
    """Repeats the question; writes what it was asked, by which process, into a file.

    It raises at the cases of `broken`, is stopped by Ctrl-C at those of `stops_at`, gives up at
    those of `ends_at`, and has a model fail at those of `silent`.
    """

    diary: Path
    broken: frozenset[str] = frozenset()
    stops_at: frozenset[str] = frozenset()
    ends_at: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()

    @contextmanager
    def open(self) -> Iterator[Asking]:
        self._note("open")
        yield self._ask
        self._note("close")

    def _ask(self, case: Case) -> Result:
        if case.id in self.stops_at:
            raise KeyboardInterrupt
        self._note(case.id)
        if case.id in self.broken:
            raise OSError("disk gone")
        if case.id in self.ends_at:
            raise HarnessFailed(["The model is gone."])
        if case.id in self.silent:
            return result(case, writing=Writing(failure="The model was silent."))
        return result(case, f"You asked: {case.text}", milliseconds=float(os.getpid()))

    def _note(self, what: str) -> None:
        with self.diary.open("a", encoding="utf-8") as file:
            file.write(f"{what}\n")

    def asked(self) -> list[str]:
        """What was asked since the last call."""
        lines = self.diary.read_text(encoding="utf-8").split() if self.diary.exists() else []
        self.diary.unlink(missing_ok=True)
        return [line for line in lines if line not in ("open", "close")]


CASES = [asked(item(name)) for name in ("d", "a", "c", "b")]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "results" / "kept.jsonl"


@pytest.fixture
def echo(tmp_path: Path) -> Echo:
    return Echo(tmp_path / "diary")


def test_results_come_in_the_order_of_the_cases(echo: Echo, kept: Path) -> None:
    results, count = run(echo, CASES, kept)
    assert [r.case_id for r in results] == ["d", "a", "c", "b"]
    assert [r.text for r in results] == [f"You asked: {case.text}" for case in CASES]
    assert count == 4


def test_a_run_that_repeats_another_asks_nothing_and_opens_nothing(echo: Echo, kept: Path) -> None:
    first, _ = run(echo, CASES, kept)
    echo.asked()
    again, count = run(echo, CASES[::-1], kept)
    assert (again, count) == (first[::-1], 0)
    assert not echo.diary.exists()


def test_a_run_that_is_interrupted_goes_on_where_it_stopped(echo: Echo, kept: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(replace(echo, stops_at=frozenset({"c"})), CASES, kept)
    assert echo.asked() == ["d", "a"]
    results, count = run(echo, CASES, kept)
    assert echo.asked() == ["c", "b"]
    assert ([r.case_id for r in results], count) == (["d", "a", "c", "b"], 2)


def test_a_case_that_raises_is_a_failed_result_and_the_others_are_asked(
    echo: Echo, kept: Path
) -> None:
    results, _ = run(replace(echo, broken=frozenset({"a"})), CASES, kept)
    assert [r.error for r in results] == ["", "OSError: disk gone", "", ""]
    assert not results[1].declined
    assert results[1].case_id == "a"


def test_a_failure_is_not_kept(echo: Echo, kept: Path) -> None:
    run(replace(echo, broken=frozenset({"a"})), CASES, kept)
    echo.asked()
    results, count = run(echo, CASES, kept)
    assert (echo.asked(), count) == (["a"], 1)
    assert not any(r.error for r in results)


def test_an_answer_whose_model_failed_counts_and_is_asked_again(echo: Echo, kept: Path) -> None:
    results, _ = run(replace(echo, silent=frozenset({"a"})), CASES, kept)
    assert [bool(r.writing) for r in results] == [False, True, False, False]
    assert not any(r.error for r in results)
    echo.asked()
    _, count = run(echo, CASES, kept)
    assert (echo.asked(), count) == (["a"], 1)


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_no_other_case_would_be_spared_ends_the_run_and_what_was_asked_is_kept(
    echo: Echo, kept: Path, workers: int
) -> None:
    with pytest.raises(HarnessFailed, match="The model is gone"):
        run(replace(echo, ends_at=frozenset({"c"})), CASES, kept, workers=workers)
    assert ResultFile(kept).get(CASES[0]) is not None
    assert ResultFile(kept).get(CASES[2]) is None


def test_another_question_under_the_same_id_is_asked_anew(echo: Echo, kept: Path) -> None:
    case = CASES[0]
    run(echo, [case], kept)
    echo.asked()
    for changed in (replace(case, text="Reworded?"), replace(case, turns=("Said before.",))):
        (reworded,), count = run(echo, [changed], kept)
        assert (reworded.text, count) == (f"You asked: {changed.text}", 1)
    assert run(echo, [case], kept)[1] == 0


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_a_line_that_was_cut_off_is_asked_again_and_spoils_no_other(
    echo: Echo, kept: Path, cut: int
) -> None:
    run(echo, CASES[:2], kept)
    kept.write_bytes(kept.read_bytes()[: -1 - cut])
    echo.asked()
    assert run(echo, CASES[:3], kept)[1] == 2
    assert echo.asked() == ["a", "c"]
    assert run(echo, CASES[:3], kept)[1] == 0


def test_a_line_that_was_cut_within_a_letter_is_left_out(kept: Path) -> None:
    file = ResultFile(kept)
    file.put(CASES[0], result(CASES[0]))
    file.close()
    with kept.open("ab") as raw:
        raw.write(b'{"key": "x", "text": "caf' + "é".encode()[:1])
    assert ResultFile(kept).get(CASES[0]) == result(CASES[0])


@pytest.mark.parametrize("line", ["[1]", "3", "null", '{"key": 1}', '{"citations": []}', "\x00"])
def test_a_line_of_another_shape_is_left_out(kept: Path, line: str) -> None:
    kept.parent.mkdir()
    kept.write_text(f"{line}\n", encoding="utf-8")
    file = ResultFile(kept)
    file.put(CASES[0], result(CASES[0]))
    file.close()
    assert ResultFile(kept).get(CASES[0]) == result(CASES[0])


@pytest.mark.parametrize("words", ["two\nlines", "line\u2028separator", "\ud800", "\x00\x85", "é"])
def test_a_result_is_read_as_it_was_kept_whatever_it_holds(kept: Path, words: str) -> None:
    given = result(CASES[0], words, error=words)
    file = ResultFile(kept)
    file.put(CASES[0], given)
    file.close()
    assert ResultFile(kept).get(CASES[0]) == given


def test_of_two_results_for_a_case_the_later_counts(kept: Path) -> None:
    file = ResultFile(kept)
    for text in ("before", "after"):
        file.put(CASES[0], result(CASES[0], text))
    file.close()
    found = ResultFile(kept).get(CASES[0])
    assert found is not None
    assert found.text == "after"


def test_a_result_survives_json() -> None:
    given = result(CASES[0])
    assert Result.from_json(json.loads(json.dumps(given.to_json()))) == given


def test_what_a_model_wrote_survives_json() -> None:
    sentence = WrittenSentence("It is blue.", "unsupported", problem="“blue” is not there")
    given = result(CASES[0], writing=Writing("tiny", "Left out: 1.", "", (sentence,), 40.0, 90.0))
    assert Result.from_json(json.loads(json.dumps(given.to_json()))) == given


def test_a_result_of_a_time_before_models_is_read() -> None:
    stored = result(CASES[0]).to_json()
    del stored["writing"]
    assert Result.from_json(stored) == result(CASES[0])


def test_a_result_is_on_disk_before_the_next_case_is_asked(echo: Echo, kept: Path) -> None:
    seen: list[tuple[int, int, int]] = []

    def note(done: int, total: int) -> None:
        lines = kept.read_text(encoding="utf-8").split("\n") if kept.exists() else []
        seen.append((done, total, sum(map(bool, lines))))

    run(echo, CASES, kept, on_result=note)
    assert seen == [(0, 4, 0), (1, 4, 1), (2, 4, 2), (3, 4, 3), (4, 4, 4)]


def test_what_was_remembered_counts_as_done_from_the_start(echo: Echo, kept: Path) -> None:
    run(echo, CASES[:3], kept)
    seen: list[tuple[int, int]] = []
    run(echo, CASES, kept, on_result=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 4), (4, 4)]


def test_without_cases_nothing_is_opened_or_written(echo: Echo, kept: Path) -> None:
    assert run(echo, [], kept, workers=4) == ([], 0)
    assert not echo.diary.exists()
    assert not kept.exists()


def test_more_workers_than_cases_are_not_started(echo: Echo, kept: Path) -> None:
    (one,), _ = run(echo, CASES[:1], kept, workers=4)
    assert one.milliseconds == os.getpid()


@pytest.mark.slow
def test_workers_open_the_system_once_each_and_the_order_stays(echo: Echo, kept: Path) -> None:
    broken = replace(echo, broken=frozenset({"a"}))
    results, count = run(broken, CASES, kept, workers=2)
    assert ([r.case_id for r in results], count) == (["d", "a", "c", "b"], 4)
    assert [r.error for r in results] == ["", "OSError: disk gone", "", ""]
    assert os.getpid() not in {r.milliseconds for r in results}
    assert 1 <= echo.diary.read_text(encoding="utf-8").count("open") <= 2
    assert sorted(echo.asked()) == ["a", "b", "c", "d"]
    assert run(echo, CASES, kept, workers=1)[1] == 1


@dataclass(frozen=True)
class Unopenable:
    """A system whose index is gone."""

    def open(self) -> AbstractContextManager[Asking]:
        raise OSError("no index here")


@pytest.mark.slow
def test_a_system_that_cannot_be_opened_ends_the_run_with_its_reason(kept: Path) -> None:
    with pytest.raises(HarnessFailed, match="no index here"):
        run(Unopenable(), CASES, kept, workers=2)


def test_problems_come_whole_from_a_child_process() -> None:
    error = pickle.loads(pickle.dumps(HarnessFailed(["one", "two"])))
    assert error.problems == ("one", "two")


def test_where_nobody_watches_progress_is_a_line_a_stage() -> None:
    stream = io.StringIO()
    with Progress(stream) as progress:
        for name in ("Asking", "Asking the tutorial's chain"):
            tell = progress.stage(name)
            tell(0, 2)
            tell(2, 2)
    assert stream.getvalue() == "Asking …\nAsking the tutorial's chain …\n"
