"""The comparison with people: what is read, what is counted, how a difference is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from chatbot.grounding import groundedness
from evals.metrics.intervals import Interval
from evals.public import validity
from evals.public.validity import (
    FILE,
    JUDGES,
    K_PRECISION,
    OURS,
    Part,
    development_tasks,
    k_precision,
    load_rated_answers,
    measure_validity,
)

DOCUMENTS = {
    "d1": "The brass lamp burns seed oil for 30 hours. It was lit in 1871.",
    "d2": "Rye bread needs a sour starter and rests for two days.",
}
GOOD = "The brass lamp burns seed oil for 30 hours."
FAIR = "The brass lamp burns oil, roughly for a day or longer."
BAD = "Its owner sold it cheaply to some travelling circus."


def evaluation(
    task: str,
    answer: str,
    ratings: Sequence[int],
    *,
    model: str = "large",
    judges: tuple[float, float] = (0.5, 0.5),
) -> dict[str, Any]:
    return {
        "task_id": task,
        "model_id": model,
        "model_response": answer,
        "annotations": {
            "faithfulness": {
                f"rater{n}": {"value": str(rating), "duration": 9.0}
                for n, rating in enumerate(ratings)
            },
            "naturalness": {"rater0": {"value": "n/a"}},
            "rl_f": {"composite": {"value": judges[0]}},
            "rb_llm": {"composite": {"value": judges[1]}},
        },
    }


def write(
    folder: Path,
    evaluations: Sequence[Mapping[str, Any]],
    contexts: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    tasks = dict.fromkeys(item["task_id"] for item in evaluations)
    contexts = contexts or {}
    content = {
        "name": "made up",
        "documents": [{"document_id": k, "text": v, "title": ""} for k, v in DOCUMENTS.items()],
        "tasks": [
            {"task_id": task, "contexts": [{"document_id": d} for d in contexts.get(task, ["d1"])]}
            for task in tasks
        ],
        "evaluations": list(evaluations),
    }
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder


def eight_tasks() -> list[dict[str, Any]]:
    """Two answers a task, the better one first; the first judge is right, the second is not."""
    made = []
    for n in range(8):
        good, bad = (GOOD, FAIR) if n % 2 else (FAIR, BAD)
        made += [
            evaluation(f"t{n}", good, (4, 4, 4 - n % 2), model="large", judges=(0.9, 0.1)),
            evaluation(f"t{n}", bad, (2, 1 + n % 2, 2), model="small", judges=(0.2, 0.8)),
            evaluation(f"t{n}", BAD, (1, 1, 1), model="reference"),
        ]
    return made


def part(data: Path, name: str = "whole", **options: Any) -> Part:
    report = measure_validity(data, **{"resamples": 50, **options})
    return next(part for part in report.parts if part.name == name)


def agreement(measured: Part, measure: str) -> tuple[float | None, float | None]:
    return next((a.spearman, a.auc) for a in measured.agreements if a.measure == measure)


# What is read


def test_only_the_models_answers_count(tmp_path: Path) -> None:
    answers = load_rated_answers(write(tmp_path, eight_tasks()))
    assert len(answers) == 16
    assert part(tmp_path).answers == 16
    assert part(tmp_path).tasks == 8


def test_a_rating_is_the_mean_of_however_many_people(tmp_path: Path) -> None:
    data = write(tmp_path, [evaluation("t", GOOD, (4, 3, 3)), evaluation("t", BAD, (1, 2))])
    assert [a.faithfulness for a in load_rated_answers(data)] == [pytest.approx(10 / 3), 1.5]


def test_every_measure_sees_the_answer_and_its_tasks_documents(tmp_path: Path) -> None:
    data = write(tmp_path, [evaluation("t", FAIR, (3, 3), judges=(0.7, 0.3))], {"t": ["d2", "d1"]})
    (answer,) = load_rated_answers(data)
    passages = (DOCUMENTS["d2"], DOCUMENTS["d1"])
    assert answer.passages == passages
    assert answer.scores == {
        OURS: groundedness(FAIR, passages),
        K_PRECISION: k_precision(FAIR, passages),
        **dict(zip(JUDGES, (0.7, 0.3), strict=True)),
    }


def test_a_task_without_documents_is_scored_against_nothing(tmp_path: Path) -> None:
    data = write(tmp_path, [evaluation("t", GOOD, (1, 1))], {"t": []})
    (answer,) = load_rated_answers(data)
    assert answer.scores[OURS] == 0
    assert answer.scores[K_PRECISION] == 0


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"human_ratings\.json"):
        measure_validity(tmp_path)


def test_a_judge_without_a_number_is_not_read_as_one(tmp_path: Path) -> None:
    broken = evaluation("t", GOOD, (4, 4))
    broken["annotations"]["rl_f"]["composite"]["value"] = "unsure"
    with pytest.raises(ValidationError):
        measure_validity(write(tmp_path, [broken]))


# k-precision


@pytest.mark.parametrize(
    ("answer", "share"),
    [
        ("The brass lamp", 1.0),
        ("THE BRASS LAMP!", 1.0),
        ("brass brass gold", 2 / 3),
        ("lit 1872", 1 / 2),
        ("lamps", 0.0),
        ("", 0.0),
        ("…", 0.0),
    ],
)
def test_k_precision_is_the_share_of_tokens_held(answer: str, share: float) -> None:
    assert k_precision(answer, list(DOCUMENTS.values())) == pytest.approx(share)


def test_k_precision_takes_the_documents_together() -> None:
    assert k_precision("brass bread", list(DOCUMENTS.values())) == 1.0
    assert k_precision("brass bread", []) == 0.0


# Agreement


def test_a_judge_that_agrees_and_one_that_does_not(tmp_path: Path) -> None:
    measured = part(write(tmp_path, eight_tasks()))
    right, wrong = JUDGES
    assert measured.unfaithful == 8
    assert agreement(measured, right)[1] == 1.0
    assert agreement(measured, wrong)[1] == 0.0
    assert agreement(measured, OURS)[0] > 0.5  # type: ignore[operator]


def test_the_figures_are_those_of_the_libraries(tmp_path: Path) -> None:
    generator = np.random.default_rng(5)
    texts = [GOOD, FAIR, BAD, f"{GOOD} {BAD}", f"{FAIR} {BAD}", "Rye bread."]
    made = [
        evaluation(
            f"t{n // 2}",
            texts[generator.integers(len(texts))],
            generator.integers(1, 5, size=3).tolist(),
            judges=tuple(generator.integers(0, 4, size=2) / 3),
        )
        for n in range(40)
    ]
    data = write(tmp_path, made)
    answers = load_rated_answers(data)
    ratings = [answer.faithfulness for answer in answers]
    for measure in (OURS, K_PRECISION, *JUDGES):
        scores = [answer.scores[measure] for answer in answers]
        spearman, auc = agreement(part(data), measure)
        assert spearman == pytest.approx(spearmanr(scores, ratings).statistic)
        unfaithful = [rating < 3 for rating in ratings]
        assert auc == pytest.approx(roc_auc_score(unfaithful, [-s for s in scores]))


def test_a_mean_of_three_is_faithful(tmp_path: Path) -> None:
    made = [evaluation("t", GOOD, (3, 3)), evaluation("u", BAD, (3, 3, 2))]
    assert part(write(tmp_path, made)).unfaithful == 1


def test_where_nothing_varies_there_is_no_figure(tmp_path: Path) -> None:
    made = [evaluation(f"t{n}", (GOOD, BAD)[n % 2], (4, 4)) for n in range(6)]
    measured = part(write(tmp_path, made))
    assert {agreement(measured, a.measure) for a in measured.agreements} == {(None, None)}
    for gain in measured.gains:
        assert (gain.spearman, gain.spearman_interval) == (None, None)
        assert (gain.auc, gain.auc_interval) == (None, None)


# Differences


def test_a_gain_is_the_difference_within_its_interval(tmp_path: Path) -> None:
    measured = part(write(tmp_path, eight_tasks()), resamples=400)
    ours, wrong = agreement(measured, OURS), tuple(JUDGES)[1]
    gain = next(gain for gain in measured.gains if gain.over == wrong)
    assert gain.spearman == pytest.approx(ours[0] - agreement(measured, wrong)[0])  # type: ignore[operator]
    assert gain.auc == pytest.approx(ours[1] - 0.0)  # type: ignore[operator]
    interval = gain.spearman_interval
    assert interval is not None
    assert 0 < interval.low <= gain.spearman <= interval.high


def test_a_measure_has_nothing_over_its_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = eight_tasks()
    answers = load_rated_answers(write(tmp_path, made))
    ours = iter(answer.scores[OURS] for answer in answers)
    for item in made:
        if item["model_id"] != "reference":
            item["annotations"]["rl_f"]["composite"]["value"] = next(ours)
    gain = next(g for g in part(write(tmp_path, made)).gains if g.over in JUDGES)
    # Paired: in every draw both are the same.
    assert gain.spearman == 0
    assert gain.spearman_interval == gain.auc_interval == Interval(0.0, 0.0)


def test_tasks_are_drawn_whole(tmp_path: Path) -> None:
    # Every answer is there four times. Drawn one by one, they would seem more certain.
    once = [
        evaluation(f"t{n}", (GOOD, FAIR, BAD)[n % 3], (1 + n % 4,) * 2, judges=(n % 5 / 4, 0.5))
        for n in range(24)
    ]
    wide = _width(part(write(tmp_path / "once", once), resamples=300))
    fourfold = [item for item in once for _ in range(4)]
    assert _width(part(write(tmp_path / "same", fourfold), resamples=300)) == pytest.approx(wide)
    apart = [{**item, "task_id": f"{item['task_id']}-{n}"} for n, item in enumerate(fourfold)]
    assert _width(part(write(tmp_path / "apart", apart), resamples=300)) < 0.7 * wide


def _width(measured: Part) -> float:
    interval = next(g.spearman_interval for g in measured.gains if g.over in JUDGES)
    assert interval is not None
    return interval.high - interval.low


def test_the_same_seed_gives_the_same_report(tmp_path: Path) -> None:
    data = write(tmp_path, eight_tasks())
    assert measure_validity(data, resamples=60) == measure_validity(data, resamples=60)
    other = measure_validity(data, resamples=60, seed=1)
    assert other != measure_validity(data, resamples=60)
    whole = [report.parts[2].agreements for report in (other, measure_validity(data, resamples=60))]
    assert whole[0] == whole[1]  # the bootstrap's seed moves the intervals alone


# Halves and the table


def test_the_halves_are_the_whole_and_share_no_task(tmp_path: Path) -> None:
    report = measure_validity(write(tmp_path, eight_tasks()), resamples=20)
    assert [part.name for part in report.parts] == ["development", "held out", "whole"]
    assert [part.tasks for part in report.parts] == [4, 4, 8]
    assert [part.answers for part in report.parts] == [8, 8, 16]


def test_the_split_depends_on_the_names_alone() -> None:
    tasks = {f"t{n}" for n in range(101)}
    half = development_tasks(tasks)
    assert half < tasks
    assert len(half) == 50
    assert half == development_tasks({f"t{n}" for n in reversed(range(101))})
    assert half != frozenset(sorted(tasks)[:50])


def test_one_task_leaves_a_half_empty_and_says_so(tmp_path: Path) -> None:
    data = write(tmp_path, [evaluation("t", GOOD, (4, 4)), evaluation("t", BAD, (1, 1))])
    empty = part(data, "development")
    assert (empty.tasks, empty.answers, empty.unfaithful) == (0, 0, 0)
    assert agreement(empty, OURS) == (None, None)
    assert agreement(part(data), OURS)[1] == 1.0


def test_the_table_has_a_row_for_each_measure_of_each_part(tmp_path: Path) -> None:
    header, *rows = measure_validity(write(tmp_path, eight_tasks()), resamples=30).rows()
    assert len(rows) == 3 * (2 + len(JUDGES))
    assert {len(row) for row in rows} == {len(header)}
    ours, plain = rows[8], rows[9]
    assert ours[:4] == ("whole", "16", "8", OURS)
    assert ours[-2:] == ("", "")
    assert plain[3] == K_PRECISION
    assert plain[-1].startswith(("+", "-"))


def test_what_cannot_be_told_is_not_a_number_in_the_table(tmp_path: Path) -> None:
    data = write(tmp_path, [evaluation("t", GOOD, (4, 4))])
    last = measure_validity(data, resamples=5).rows()[-1]
    assert last[4:] == ("n/a", "n/a", "n/a", "n/a")


def test_the_report_is_json(tmp_path: Path) -> None:
    report = measure_validity(write(tmp_path, eight_tasks()), resamples=30)
    read = json.loads(json.dumps(report.to_json(), allow_nan=False))
    whole = read["parts"][2]
    assert whole["agreements"][0]["measure"] == OURS
    assert set(whole["gains"][0]["spearman_interval"]) == {"low", "high"}
    assert validity.RESAMPLES == 2_000
