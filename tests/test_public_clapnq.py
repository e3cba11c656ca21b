"""One passage a question: the right sentence, and the decision to answer at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from public_sets import ToyModels, write_sets
from sklearn.metrics import roc_auc_score

from evals.public import clapnq
from evals.public.clapnq import Asked, auroc, best_f1, f1, is_gold, joined, load, measure, rows
from evals.public.reading import DataMissing, Row, letters, write_notes
from ingest.sentences import sentence_spans

GOLD = ("The brass lamp burns seed oil for 30 hours .",)


def figures(*given: Asked) -> dict[str, float | None]:
    return {row.measure: row.ours for row in rows(given)}


def asked(
    answerable: bool, confidence: float, declined: bool = False, gold_at: int | None = None
) -> Asked:
    words = 0 if declined else int(confidence * 10)
    return Asked(answerable, confidence, declined, gold_at, words, opening_is_gold=gold_at == 4)


def test_each_passage_is_a_note_under_its_title(tmp_path: Path) -> None:
    data = write_sets(tmp_path, "clapnq")
    yes = load(data / clapnq.ANSWERABLE, answerable=True)
    no = load(data / clapnq.UNANSWERABLE, answerable=False)
    assert [item.source for item in [*yes, *no]] == [
        "answerable-1.md",
        "answerable-2.md",
        "unanswerable-1.md",
        "unanswerable-2.md",
    ]
    assert yes[0].note.startswith('# Passage 1\n\nA "lamp" gives light. The brass')
    assert [item.answerable for item in [*yes, *no]] == [True, True, False, False]


def test_tokens_are_joined_as_people_write_them() -> None:
    tokens = "The `` lamp - keeper 's '' oil ( 30 % ) cost $ 5 , did n't it ? It did -- once . "
    assert joined(tokens) == "The \"lamp-keeper's\" oil (30%) cost $5, didn't it? It did -- once."
    assert letters(joined(tokens)) == letters(tokens)


def test_a_passage_has_sentences_again(tmp_path: Path) -> None:
    record = write_sets(tmp_path, "clapnq") / clapnq.ANSWERABLE
    text = load(record, answerable=True)[1].text
    assert len(sentence_spans(text)) == 2
    assert len(sentence_spans(text.replace(".", " ."))) == 1


def test_what_any_annotator_chose_is_gold(tmp_path: Path) -> None:
    items = load(write_sets(tmp_path) / clapnq.ANSWERABLE, answerable=True)
    assert items[1].gold == (
        "Each keeper climbs twice a night .",
        "The keepers were paid in coal .",
    )
    assert load(tmp_path / clapnq.UNANSWERABLE, answerable=False)[0].gold == ()


@pytest.mark.parametrize(
    "text",
    [
        "The brass lamp burns seed oil for 30 hours.",  # but for the blanks
        "A lamp: the `brass` lamp burns seed oil for 30 hours. It was lit.",  # holds it
        "burns seed oil",  # a part of it
    ],
)
def test_a_sentence_is_gold_that_holds_or_is_part_of_one(text: str) -> None:
    assert is_gold(text, GOLD)


@pytest.mark.parametrize(
    "text",
    [
        "The brass lamp burns seed oil for 31 hours.",
        "oil",  # too little to be a part
        "for 30",
        "…",
        "",
    ],
)
def test_another_sentence_is_not_gold(text: str) -> None:
    assert not is_gold(text, GOLD)
    assert not is_gold(text, ())


def test_f1_is_the_mean_of_precision_and_recall() -> None:
    # Precision 1/2, recall 1/3.
    assert f1([True, True, True, False], [True, False, False, True]) == pytest.approx(0.4)
    assert f1([True, False], [False, False]) == 0.0
    assert f1([True, False], [True, False]) == 1.0


def test_the_best_threshold_is_searched_for() -> None:
    positive = [True, True, False, True, False]
    confidence = [0.9, 0.8, 0.7, 0.6, 0.1]
    highest, least = best_f1(positive, confidence)
    assert (highest, least) == (pytest.approx(6 / 7), 0.6)


def test_a_perfect_order_has_a_perfect_interval_and_a_mixed_one_a_wide_one() -> None:
    kinds = [True] * 20 + [False] * 20
    area, perfect = auroc(kinds, [0.9] * 20 + [0.1] * 20)
    assert (area, perfect.low, perfect.high) == (1.0, 1.0, 1.0)
    area, mixed = auroc(kinds, [0.1 * (n % 10) for n in range(40)])
    assert area == 0.5
    assert mixed.low < 0.5 < mixed.high
    assert 0.1 < mixed.high - mixed.low < 0.6


def test_equal_confidences_are_half_in_order() -> None:
    assert auroc([True, False, True, False], [0.5, 0.5, 0.5, 0.5])[0] == 0.5
    assert auroc([True, False, False], [0.5, 0.5, 0.6])[0] == 0.25


def test_the_area_is_what_scikit_learn_says() -> None:
    chosen = np.random.default_rng(5)
    kinds = [bool(kind) for kind in chosen.integers(2, size=60)]
    confidence = [
        round(float(value), 1) + 0.1 * kind
        for value, kind in zip(chosen.random(60), kinds, strict=True)
    ]
    assert auroc(kinds, confidence)[0] == pytest.approx(roc_auc_score(kinds, confidence))


def test_a_declined_question_is_a_miss_and_each_kind_has_its_share() -> None:
    table = figures(
        asked(True, 0.9, gold_at=1),
        asked(True, 0.8, gold_at=3),
        asked(True, 0.6, gold_at=4),
        asked(True, 0.2, declined=True),
        asked(False, 0.7),
        asked(False, 0.1, declined=True),
    )
    assert table["first sentence is gold"] == 0.25
    assert table["gold among the first three"] == 0.5
    assert table["passage's opening is gold, to compare"] == 0.25
    assert table["words of the first sentence, mean"] == pytest.approx((9 + 8 + 6) / 3)
    assert table["answerable, declined"] == 0.25
    assert table["unanswerable, declined"] == 0.5
    # Of eight pairs, (0.6, 0.7) and (0.2, 0.7) are the wrong way round.
    assert table["answerable or not, AUROC of confidence"] == pytest.approx(6 / 8)
    assert table["answerable or not, F1 as the product decides"] == pytest.approx(6 / 8)
    assert table["answerable or not, best F1"] == pytest.approx(8 / 9)


def test_with_one_kind_only_there_is_nothing_to_tell_apart() -> None:
    last = rows([asked(True, 0.9, gold_at=1)] * 6)[-1]
    assert last == Row("clapnq", "answerable or not, AUROC of confidence", 6, None)


def test_the_whole_way_without_weights(tmp_path: Path) -> None:
    heard: list[str] = []
    data = write_sets(tmp_path / "data", "clapnq")
    table = measure(
        data, tmp_path / "work", models=ToyModels(), limit=None, on_progress=heard.append
    )
    assert {row.measure: row.n for row in table} == {
        "first sentence is gold": 2,
        "passage's opening is gold, to compare": 2,
        "words of the first sentence, mean": 2,
        "gold among the first three": 2,
        "answerable, declined": 2,
        "unanswerable, declined": 2,
        "answerable or not, AUROC of confidence": 4,
        "answerable or not, best F1": 4,
        "answerable or not, F1 as the product decides": 4,
    }
    assert heard == ["clapnq: reading 4 notes", "clapnq: 4 of 4"]


def test_a_question_is_asked_of_its_own_passage_alone(tmp_path: Path) -> None:
    data = write_sets(tmp_path, "clapnq")
    items = load(data / clapnq.UNANSWERABLE, answerable=False)
    notes = {item.source: item.note for item in items}
    others = load(data / clapnq.ANSWERABLE, answerable=True)
    notes |= {item.source: item.note for item in others}
    folder = write_notes(tmp_path / "notes", notes)
    with ToyModels().open_notes(folder, tmp_path / "index") as chain:
        # The other note says it word for word, but it is not the one that is asked.
        stranger = clapnq.Item(
            question="Which brass lamp burns seed oil for 30 hours?",
            source="unanswerable-2.md",
            title="",
            text="",
            answerable=False,
            gold=GOLD,
        )
        assert clapnq.ask(chain, stranger).gold_at is None


def test_both_files_are_needed(tmp_path: Path) -> None:
    data = write_sets(tmp_path, "clapnq")
    (data / clapnq.UNANSWERABLE).unlink()
    with pytest.raises(DataMissing, match="unanswerable"):
        measure(data, tmp_path / "work", models=ToyModels(), limit=None, on_progress=lambda _: None)
