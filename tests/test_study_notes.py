"""The measurement itself: what is judged right, what is counted, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desks import NEVER, Shelf
from pydantic import ValidationError

from chatbot.answer import Answer, Citation, Passage, Status, Timings
from chatbot.decision_models import BoostedTrees, Tree, read_model
from evals.study_notes import measure, split_squad, train_abstention
from evals.study_notes.measure import Judged, judge, normalised, share, summarise
from evals.study_notes.questions import StudyQuestion, load_questions
from evals.study_notes.split_squad import split
from evals.study_notes.train_abstention import Row, fit, held_out

QUESTIONS = Path(measure.__file__).parent
NOTE = "# Buckets\n\nA **bucket** holds objects.\n\n## Limits\n\nAn object has 5 TB.\n"


def item(**fields: Any) -> StudyQuestion:
    plain = {"id": "q1", "question": "?", "kind": "fact", "answerable": True}
    return StudyQuestion(**{**plain, **fields})


def cited(quote: str, *heading: str) -> Citation:
    start = NOTE.index(quote)
    return Citation(1, "a.md", heading, "x", (1, 1), quote, start, start + len(quote))


def answer(text: str = "", *citations: Citation, found: tuple[str, ...] = ()) -> Answer:
    passages = tuple(
        Passage("a.md", ("Buckets", heading), "x", (1, 1), 0, 1, 0.5, "#", heading, heading)
        for heading in found
    )
    status = Status.ANSWERED if text else Status.NOT_IN_NOTES
    return Answer("?", status, text, citations, passages, Timings(1, 2, 3))


def judged(question: StudyQuestion, given: Answer) -> Judged:
    return judge(question, given, {"a.md": NOTE}.__getitem__)


# What is compared


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  Two\n\twords ", "two words"),
        ("**Bold**, `code` and _more_", "bold, code and more"),
        ("[a link](https://x.example) and ![an image](y.png)", "a link and an image"),
        ("Straße", "strasse"),
        ("", ""),
    ],
)
def test_facts_are_compared_without_markup_case_and_white_space(text: str, plain: str) -> None:
    assert normalised(text) == plain


def test_a_right_answer_is_judged_right_in_every_respect() -> None:
    question = item(sections=["Limits"], key_facts=[["5 TB", "5 terabytes"], ["object"]])
    given = answer(
        "An object has 5\nTB. [1]",
        cited("An object has 5 TB.", "Buckets", "Limits"),
        found=("Limits", "Other"),
    )
    result = judged(question, given)
    assert result.section_rank == 1
    assert result.missing_facts == ()
    assert result.cites_right_section
    assert result.quotes_exact
    assert not result.declined
    assert result.words == 5  # the marker is no word


def test_each_fact_needs_one_of_its_wordings() -> None:
    question = item(key_facts=[["6 TB", "5 TB"], ["parts"], ["A", "B"]])
    result = judged(question, answer("An object has 5 TB and is c. [1]"))
    assert result.missing_facts == (("parts",),)


def test_a_fact_with_underscores_is_found_as_it_is_written() -> None:
    assert (
        judged(item(key_facts=[["STANDARD_IA"]]), answer("use STANDARD_IA [1]")).missing_facts == ()
    )


def test_a_marker_inside_a_fact_does_not_hide_it() -> None:
    assert judged(item(key_facts=[["one two"]]), answer("one [1] two [2]")).missing_facts == ()


def test_a_fact_may_span_lines() -> None:
    assert judged(item(key_facts=[["one two"]]), answer("one [1]\ntwo [1]")).missing_facts == ()


@pytest.mark.parametrize(("found", "rank"), [(("A", "Limits"), 2), (("A", "B"), None), ((), None)])
def test_the_rank_is_that_of_the_first_right_passage(
    found: tuple[str, ...], rank: int | None
) -> None:
    assert judged(item(sections=["**limits**"]), answer(found=found)).section_rank == rank


def test_a_section_is_right_under_any_of_its_headings() -> None:
    given = answer("x [1]", cited("An object", "Buckets", "Limits"))
    assert judged(item(sections=["Buckets"]), given).cites_right_section
    assert not judged(item(sections=["Bucket"]), given).cites_right_section


def test_a_quote_one_character_off_is_not_exact() -> None:
    right = cited("An object", "Buckets")
    wrong = Citation(1, "a.md", ("Buckets",), "x", (1, 1), "n object ", right.start, right.end)
    assert not judged(item(), answer("x [1]", right, wrong)).quotes_exact


# What is counted


def test_no_values_have_no_share() -> None:
    assert share([]) is None
    assert share([True, True, False]) == 0.6667


def test_the_figures_of_a_small_run_are_as_counted_by_hand() -> None:
    right = cited("An object has 5 TB.", "Buckets", "Limits")
    other = cited("A **bucket** holds objects.", "Buckets")
    asked = item(sections=["Limits"], key_facts=[["5 TB"]])
    missing, invented = (item(answerable=False, kind=kind) for kind in ("near_miss", "off_topic"))
    run = [
        judged(asked, answer("An object has 5 TB. [1]", right, found=("Limits",))),
        judged(asked, answer("Objects. [1]", other, found=("A", "B", "C", "Limits"))),
        judged(asked, answer(found=("A", "Limits"))),
        judged(asked, answer("5 TB [1] " * 7, *[right] * 7, found=("A",))),
        judged(missing, answer()),
        judged(missing, answer("5 TB [1]", right)),
        judged(invented, answer()),
    ]
    figures = summarise(run)
    expected = {
        "questions": 7,
        "section_recall_at_3": 0.5,
        "section_recall_at_1": 0.25,
        "all_key_facts": 0.5,
        "cites_right_section": 0.6667,
        "quotes_exact": 1.0,
        "refused_answerable": 0.25,
        "declined_unanswerable": 0.6667,
        "declined_by_kind": {"near_miss": 0.5, "off_topic": 1.0},
        "words_median": 5,
        "citations_max": 7,
        "citations_over_6": 1,
        "ms_median": 6,
    }
    assert {name: figures[name] for name in expected} == expected
    json.dumps(figures)


def test_what_there_is_none_of_has_no_share() -> None:
    unanswerable = summarise([judged(item(answerable=False), answer())])
    for name in ("section_recall_at_3", "all_key_facts", "cites_right_section", "words_median"):
        assert unanswerable[name] is None
    answerable = summarise([judged(item(), answer())])
    assert answerable["declined_unanswerable"] is None
    assert answerable["declined_by_kind"] == {}
    assert answerable["cites_right_section"] is None


def test_a_run_of_no_questions_has_no_figures() -> None:
    assert summarise([])["ms_median"] is None


# The questions


def test_the_questions_that_come_with_the_project_can_be_read() -> None:
    for path in sorted(QUESTIONS.glob("*.yaml")):
        questions = load_questions(path)
        ids = [question.id for question in questions]
        assert len(ids) == len(set(ids)) > 0
        for question in questions:
            assert question.question.strip()
            assert question.answerable == bool(question.sections), question.id


def test_questions_keep_their_order_and_defaults(tmp_path: Path) -> None:
    file = tmp_path / "q.yaml"
    file.write_text(
        "- {id: b, question: 'Ü?', kind: fact, answerable: true, key_facts: [[x, y]]}\n"
        "- {id: a, question: 'Why?', kind: near_miss, answerable: false, near: Buckets}\n",
        encoding="utf-8",
    )
    first, second = load_questions(file)
    assert (first.id, first.question, first.key_facts, first.sections) == (
        "b",
        "Ü?",
        (("x", "y"),),
        (),
    )
    assert (second.id, second.near, second.answerable) == ("a", "Buckets", False)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("{id: a, question: q, kind: k, answerable: true, key_fact: []}", "key_fact"),
        ("{id: a, question: q, kind: k}", "answerable"),
        ("{id: a, question: q, kind: k, answerable: perhaps}", "answerable"),
    ],
)
def test_a_question_with_a_wrong_field_is_refused(
    tmp_path: Path, line: str, complaint: str
) -> None:
    file = tmp_path / "q.yaml"
    file.write_text(f"- {line}\n", encoding="utf-8")
    with pytest.raises(ValidationError, match=complaint):
        load_questions(file)


def test_a_question_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        item().answerable = False


# SQuAD


def paragraph(number: int, **answer_fields: Any) -> dict[str, Any]:
    texts = [{"text": f"fact {number}"}, {"text": f"fact {number}"}, {"text": "another"}]
    asked = {"id": number, "question": f"Question {number}?", "answers": texts, **answer_fields}
    return {"context": f" The fact {number} stands here. ", "qas": [asked]}


ARTICLE = {"title": "Roman_roads", "paragraphs": [paragraph(n) for n in range(4)]}


def test_every_second_paragraph_is_kept_and_the_others_become_near_misses() -> None:
    notes, questions = split([ARTICLE])
    assert list(notes) == ["roman-roads.md"]
    (note,) = notes.values()
    assert note.startswith("# Roman roads\n\n## ")
    assert [f"fact {n}" in note for n in range(4)] == [True, False, True, False]
    assert [question["answerable"] for question in questions] == [True, False, True, False]
    assert [question["kind"] for question in questions] == [
        "fact", "near_miss", "fact", "near_miss",
    ]  # fmt: skip


def test_what_is_kept_can_be_found_and_what_is_not_says_what_it_is_near() -> None:
    notes, questions = split([ARTICLE])
    kept, left_out = questions[0], questions[1]
    assert f"## {kept['sections'][0]}\n\nThe fact 0 stands here.\n" in notes["roman-roads.md"]
    assert kept["key_facts"] == [["another", "fact 0"]]
    assert left_out["near"] == "Roman roads"
    assert "key_facts" not in left_out


def test_an_article_without_a_title_is_named_by_how_it_begins() -> None:
    notes, _ = split([{"paragraphs": [paragraph(0)]}])
    assert list(notes) == ["the-fact-0-stands-here.md"]


def test_what_is_written_can_be_read_as_questions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "squad.json"
    source.write_text(json.dumps({"data": [ARTICLE]}), encoding="utf-8")
    assert split_squad.main([str(source), str(tmp_path / "out")]) == 0
    questions = load_questions(tmp_path / "out" / "questions.yaml")
    assert [question.id for question in questions] == ["0", "1", "2", "3"]
    assert (tmp_path / "out" / "notes" / "roman-roads.md").is_file()
    assert "1 notes, 4 questions" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["only-one"], ["a", "b", "c", "d", "e"]])
def test_splitting_needs_its_arguments(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert split_squad.main(arguments) == 2
    printed = capsys.readouterr()
    assert "SQUAD.json OUT" in printed.err
    assert printed.out == ""


def test_articles_of_like_titles_are_both_kept() -> None:
    articles = [{"title": title, "paragraphs": [paragraph(0)]} for title in ("C", "C++")]
    assert len(split(articles)[0]) == 2


def test_a_question_without_an_answer_is_not_called_answerable() -> None:
    impossible = {"title": "A", "paragraphs": [paragraph(0, answers=[], is_impossible=True)]}
    (question,) = split([impossible])[1]
    assert not question["answerable"]


# Arguments


@pytest.mark.parametrize(
    "arguments",
    [[], ["questions.yaml"], ["--notes", "x"], ["q.yaml", "--notes", "x", "--no-such-option"]],
)
def test_measuring_needs_questions_and_notes(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        measure.main(arguments)
    assert stopped.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["--set", "q", "notes"], ["--set"], ["--write"]])
def test_training_needs_whole_sets(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        train_abstention.main(arguments)
    assert stopped.value.code == 2
    assert "--set" in capsys.readouterr().err


def test_a_sets_weight_is_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        train_abstention.main(["--set", "questions.yaml", "no-such-notes", "heavy"])
    assert stopped.value.code == 2
    assert "heavy" in capsys.readouterr().err


# Training


def rows(count: int = 120) -> list[Row]:
    chosen = np.random.default_rng(3)
    made = []
    for n in range(count):
        answerable = n % 2 == 0
        sign = float(chosen.normal(1.5 if answerable else -1.5))
        made.append(Row({"sign": sign, "noise": float(chosen.normal())}, answerable, 1.0, f"{n}"))
    return made


def test_fitted_weights_tell_the_answerable_from_the_others() -> None:
    stored, figures = fit(rows(), ["sign", "noise"])
    weights = stored["logistic"]["weights"]
    assert weights["sign"] > 5 * abs(weights["noise"])
    assert figures["questions"] == 120
    assert figures["auroc"] > 0.9
    assert figures["declined_unanswerable"] > 0.5
    model = read_model(stored)
    refused = [r for r in rows() if r.answerable and model.probability(r.features) < 0.5]
    assert len(refused) <= 0.1 * 60


def test_stored_trees_say_what_the_fitted_ones_say() -> None:
    made, names = rows(), ["sign", "noise"]
    x = np.array([[row.features[name] for name in names] for row in made])
    y = np.array([float(row.answerable) for row in made])
    _, boosted = train_abstention.fitted(x, y, np.ones(len(y)))
    stored, _ = fit(made, names)
    trees = BoostedTrees([Tree(**tree) for tree in stored["trees"]])
    told = [trees.probability(row.features) for row in made]
    assert told == pytest.approx(boosted.predict_proba(x)[:, 1], abs=1e-4)


def test_fitting_twice_gives_the_same_weights() -> None:
    assert fit(rows(), ["sign", "noise"]) == fit(rows(), ["sign", "noise"])


def test_only_sets_that_count_fully_are_reported_on() -> None:
    half = [Row(row.features, row.answerable, 0.5, row.topic) for row in rows()]
    assert fit([*rows(), *half], ["sign"])[1]["questions"] == 120


def test_held_out_probabilities_are_probabilities() -> None:
    made = rows()
    x = np.array([[row.features["sign"]] for row in made])
    y = np.array([float(row.answerable) for row in made])
    probability = held_out(x, y, np.ones(len(y)), [row.topic for row in made])
    assert probability.shape == y.shape
    assert ((probability >= 0) & (probability <= 1)).all()


def test_a_topic_is_held_out_as_a_whole() -> None:
    # All that tells the questions apart is their topic, by a number: what is learnt of one
    # topic says nothing of another.
    topics = [f"{n // 12}" for n in range(120)]
    y = np.array([float(topic in "035689") for topic in topics])
    x = np.array([[float(topic)] for topic in topics])
    seen = train_abstention.fitted(x, y, np.ones(120))[1].predict_proba(x)[:, 1]
    unseen = held_out(x, y, np.ones(120), topics)
    assert np.abs(seen - y).mean() < 0.2
    assert np.abs(unseen - y).mean() > 0.4


def test_the_measure_agrees_with_what_is_declined(tmp_path: Path) -> None:
    # The whole way, without weights: everything is declined, so nothing is given.
    with Shelf.open({"a.md": NOTE}, tmp_path) as shelf:
        result = judge(
            item(sections=["Buckets"]), shelf.ask("bucket?", NEVER), shelf.index.source_text
        )
    assert summarise([result])["refused_answerable"] == 1.0
