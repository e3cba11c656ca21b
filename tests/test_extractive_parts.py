"""Questions in parts, halves that are left out, and questions that can be read in two ways."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import WordReranker
from desks import ALWAYS, NEVER, NOBODY_MISSPELLS, Shelf, asked
from grounding import require_declined, require_grounded
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.answer import Answer, Question, Status, Turn
from chatbot.decision_models import Model
from chatbot.extractive.answerer import LIKELIER, MOST_CITATIONS, REST_MISSING
from chatbot.query import understand

LIBRARY = {
    "bees.md": (
        "# Bees\n\n## Hive\n\nA hive houses many thousand workers in summer.\n\n"
        "## Queen\n\nThe queen lays many eggs daily.\n\n"
        "## Honey\n\nHoney ripens in sealed combs.\n"
    ),
    "ants.md": (
        "# Ants\n\n## Nest\n\nA nest reaches seven metres below ground.\n\n"
        "## Soldiers\n\nSoldiers guard the tunnels at night.\n"
    ),
    "crops.md": "# Crops\n\n## Rotation\n\nCrop rotation restores the soil.\n",
}
HIVE = "A hive houses many thousand workers in summer."
QUEEN = "The queen lays many eggs daily."
HONEY = "Honey ripens in sealed combs."
SOLDIERS = "Soldiers guard the tunnels at night."
ROTATION = "Crop rotation restores the soil."


class Covered:
    """As sure as the told lines hold the question's words."""

    def probability(self, values: Mapping[str, float]) -> float:
        return 1 - values["uncovered"]


class Wordy:
    """Sure of questions of so many words, whatever is told."""

    def __init__(self, words: int) -> None:
        self.words = words

    def probability(self, values: Mapping[str, float]) -> float:
        return 0.9 if values["words"] >= self.words else 0.1


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    with Shelf.open(LIBRARY, tmp_path_factory.mktemp("shelf"), WordReranker()) as opened:
        yield opened


def told(answer: Answer) -> list[str]:
    """The lines of the answer without their markers."""
    return [line.partition(" [")[0] for line in answer.text.splitlines()]


# Questions in parts


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("How many workers does a hive house, and how many eggs does the queen lay?",
         [HIVE, QUEEN]),
        ("How many eggs does the queen lay, and how many workers does a hive house?",
         [QUEEN, HIVE]),
        ("Where does honey ripen? Who guards the tunnels?", [HONEY, SOLDIERS]),
        ("Where does honey ripen and who guards the tunnels at night?", [HONEY, SOLDIERS]),
        ("Who guards the tunnels? Where does honey ripen? How many eggs does the queen lay?",
         [SOLDIERS, HONEY, QUEEN]),
        ("where does honey ripen, and what does the rotation of a crop restore",
         [HONEY, ROTATION]),
    ],
)  # fmt: skip
def test_every_part_is_answered_in_the_order_asked(
    shelf: Shelf, question: str, lines: list[str]
) -> None:
    for model in (Covered(), ALWAYS):
        answer = shelf.ask(question, model)
        assert answer.status is Status.ANSWERED
        assert told(answer)[: len(lines)] == lines
        assert answer.question == question
        require_grounded(answer, shelf.index.source_text)


@pytest.mark.parametrize(
    ("question", "lines", "missing"),
    [
        ("Who guards the tunnels? Where do unicorns graze?",
         [SOLDIERS], ["Where do unicorns graze"]),
        ("Where do unicorns graze? Who guards the tunnels?",
         [SOLDIERS], ["Where do unicorns graze"]),
        ("Where does honey ripen, and who paid the dragon?", [HONEY], ["who paid the dragon"]),
        ("how many eggs does the queen lay and who paid the dragon",
         [QUEEN], ["who paid the dragon"]),
        ("Where does honey ripen, but which colour is the unicorn?",
         [HONEY], ["which colour is the unicorn"]),
        ("Where do unicorns graze? Who guards the tunnels? What do dragons eat?",
         [SOLDIERS], ["Where do unicorns graze", "What do dragons eat"]),
    ],
)  # fmt: skip
def test_a_part_without_an_answer_is_named_in_the_words_that_asked_it(
    shelf: Shelf, question: str, lines: list[str], missing: list[str]
) -> None:
    answer = shelf.ask(question, Covered())
    assert answer.status is Status.PARTIAL
    assert told(answer) == [*lines, REST_MISSING.format(rest="”, “".join(missing))]
    assert all(words in question for words in missing)
    assert all(words in answer.text for words in missing)
    require_grounded(answer, shelf.index.source_text)


def test_a_partial_answer_is_as_sure_as_the_part_that_it_answers(shelf: Shelf) -> None:
    alone = shelf.ask("Who guards the tunnels?", Covered())
    partial = shelf.ask("Who guards the tunnels? Where do unicorns graze?", Covered())
    assert partial.confidence == alone.confidence > 0.5


def test_an_answer_is_no_surer_than_its_least_sure_part(shelf: Shelf) -> None:
    parts = ["Which soldiers guard the deep tunnels at night?", "Where does honey ripen?"]
    alone = [shelf.ask(part, Covered()).confidence for part in parts]
    assert 0.5 < alone[0] < alone[1]
    assert shelf.ask(" ".join(parts), Covered()).confidence == min(alone)


@pytest.mark.parametrize(
    "question",
    [
        "Where do unicorns graze, and what do dragons eat?",
        "Where do unicorns graze? What do dragons eat?",
        "Who paid the dragon? What does the unicorn weigh? Where is Avalon?",
    ],
)
@pytest.mark.parametrize("model", [Covered(), NEVER])
def test_nothing_of_the_parts_nor_of_the_whole_is_declined(
    shelf: Shelf, question: str, model: Model
) -> None:
    answer = shelf.ask(question, model)
    assert answer.status is Status.NOT_IN_NOTES
    assert answer.confidence < 0.5
    require_declined(answer)


def test_where_no_part_has_an_answer_the_whole_may_have_one(shelf: Shelf) -> None:
    question = "Who guards tunnels at night? Where does honey ripen in combs?"
    assert max(len(part.terms) for part in asked(question).parts) == 3
    answer = shelf.ask(question, Wordy(4))
    assert answer.status is Status.ANSWERED
    assert answer.question == question
    require_grounded(answer, shelf.index.source_text)
    assert shelf.ask(question, Wordy(9)).status is Status.NOT_IN_NOTES


def test_what_two_parts_share_is_told_once(shelf: Shelf) -> None:
    answer = shelf.ask("Who guards the tunnels? When are tunnels guarded?", ALWAYS)
    assert told(answer).count(SOLDIERS) == 1
    require_grounded(answer, shelf.index.source_text)


def test_a_scope_holds_for_every_part(shelf: Shelf) -> None:
    query = asked("Where does honey ripen? Who guards the tunnels?", scope=frozenset({"ants.md"}))
    answer = shelf.answerer(Covered()).answer(query, shelf.searcher.retrieve(query))
    assert answer.status is Status.PARTIAL
    assert {citation.source for citation in answer.citations} == {"ants.md"}
    assert "Where does honey ripen" in answer.text


TALKATIVE = {
    f"{name}.md": f"# {name.title()}\n\n"
    + "".join(f"{name.title()} {word} {n} {word}s here{n}.\n\n" for n, word in enumerate(words))
    for name, words in {
        "basalt": ("cools", "cracks", "weathers", "hardens", "glows"),
        "granite": ("sparkles", "splits", "lasts", "weighs", "crumbles"),
        "marble": ("polishes", "stains", "reacts", "veins", "shines"),
    }.items()
}


@pytest.mark.parametrize("count", [2, 3])
def test_each_part_keeps_a_fair_share_of_the_citations(tmp_path: Path, count: int) -> None:
    names = ["basalt", "granite", "marble"][:count]
    question = " ".join(f"What happens with {name} outside?" for name in names)
    with Shelf.open(TALKATIVE, tmp_path, WordReranker()) as shelf:
        alone = shelf.ask("What happens with basalt outside?")
        answer = shelf.ask(question)
    cited = [citation.source for citation in answer.citations]
    assert len(alone.citations) > MOST_CITATIONS // count  # it would tell more, were it alone
    assert [cited.count(f"{name}.md") for name in names] == [MOST_CITATIONS // count] * count
    assert len(cited) <= MOST_CITATIONS


# Halves


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("sealed combs of ripening honey and night guards", HONEY, SOLDIERS),
        ("soldiers that guard the tunnels by night as well as honey", SOLDIERS, HONEY),
        ("restoring the soil by rotation of a crop & eggs", ROTATION, QUEEN),
        ("Name the sealed combs of ripening honey, and also the queen", HONEY, QUEEN),
    ],
)
def test_the_half_that_the_answer_leaves_out_is_looked_for(
    shelf: Shelf, question: str, first: str, second: str
) -> None:
    assert asked(question).parts == ()
    answer = shelf.ask(question, ALWAYS)
    assert answer.status is Status.ANSWERED
    assert {first, second} <= set(told(answer))
    assert answer.question == question
    require_grounded(answer, shelf.index.source_text)


@pytest.mark.parametrize(
    "question", ["sealed combs and ripe honey", "queen and eggs", "rotation and the soil of a crop"]
)
def test_nothing_is_added_where_both_halves_are_told(shelf: Shelf, question: str) -> None:
    answer = shelf.ask(question, Covered())
    assert answer.status is Status.ANSWERED
    assert len(answer.citations) == 1


def test_a_half_without_an_answer_adds_nothing(shelf: Shelf) -> None:
    answer = shelf.ask("honey that ripens in sealed combs and dragons", Covered())
    assert answer.status is Status.ANSWERED
    assert told(answer) == [HONEY]


def test_a_comparison_is_not_halved(shelf: Shelf) -> None:
    query = asked("Compare honey and soldiers")
    assert query.sides
    whole = shelf.answerer(ALWAYS).answer(query, shelf.searcher.retrieve(query))
    one = replace(query, sides=())
    halved = shelf.answerer(ALWAYS).answer(one, shelf.searcher.retrieve(one))
    require_grounded(whole, shelf.index.source_text)
    assert len(halved.citations) >= 2 <= len(whole.citations)


# Two readings


def answered(shelf: Shelf, question: str, *earlier: str, model: Model) -> Answer:
    history = tuple(Turn(text, "…") for text in earlier)
    query = understand(Question(question, history), NOBODY_MISSPELLS)
    assert query.other is not None
    return shelf.answerer(model).answer(query, shelf.searcher.retrieve(query))


@pytest.mark.parametrize(
    ("question", "earlier", "line"),
    [
        # means what was said before: alone, the notes have no word of it
        ("What are the benefits?", "What does crop rotation restore in the soil?", ROTATION),
        ("Which advantages?", "What does crop rotation restore in the soil?", ROTATION),
        ("How long?", "Where does honey ripen in sealed combs?", HONEY),
        # stands, though it is short
        ("Who are the soldiers?", "What is crop rotation?", SOLDIERS),
        ("Where is honey?", "What is crop rotation?", HONEY),
        # points at its own words
        ("Do these soldiers guard tunnels?", "What is crop rotation?", f"Yes. {SOLDIERS}"),
        # points back
        ("Does it restore the exhausted soil?", "What is crop rotation?", ROTATION),
    ],
)
def test_the_surer_of_two_readings_is_answered(
    shelf: Shelf, question: str, earlier: str, line: str
) -> None:
    answer = answered(shelf, question, earlier, model=Covered())
    assert answer.status is Status.ANSWERED
    assert told(answer)[0] == line
    assert answer.question == question


class OfTwo:
    """So sure of the shorter reading, and so sure of the longer one."""

    def __init__(self, shorter: float, longer: float) -> None:
        self.shorter, self.longer = shorter, longer

    def probability(self, values: Mapping[str, float]) -> float:
        return self.longer if values["words"] > 2 else self.shorter


@pytest.mark.parametrize(
    ("alone", "leaning", "line"),
    [
        (0.9, 0.9, HONEY),
        (0.9, 0.9 + LIKELIER - 0.01, HONEY),  # hardly surer
        (0.9, 0.9 + LIKELIER + 0.01, ROTATION),
        (0.9, 0.1, HONEY),
        (0.49, 0.51, ROTATION),  # the only one that answers
        (0.1, 0.9, ROTATION),
    ],
)
def test_the_less_likely_reading_must_be_surer(
    shelf: Shelf, alone: float, leaning: float, line: str
) -> None:
    answer = answered(
        shelf,
        "Honey?",
        "What does crop rotation restore in the soil?",
        model=OfTwo(alone, leaning),
    )
    assert told(answer)[0] == line
    assert answer.confidence == pytest.approx(max(alone, leaning) if line == ROTATION else alone)


def test_neither_reading_answers_is_declined(shelf: Shelf) -> None:
    answer = answered(shelf, "Which unicorns?", "Where do dragons sleep?", model=Covered())
    assert answer.status is Status.NOT_IN_NOTES
    require_declined(answer)


def test_one_reading_answers_as_without_another(shelf: Shelf) -> None:
    query = asked("Where does honey ripen?")
    found = shelf.searcher.retrieve(query)
    answerer = shelf.answerer(Covered())
    alone = answerer.answer(query, found)
    worse = replace(query, other=asked("Where do unicorns graze?"))
    assert answerer.answer(worse, shelf.searcher.retrieve(worse)) == alone


# Whatever is asked

CLAUSES = (
    "where does honey ripen|who guards the tunnels|where do unicorns graze|how many eggs|why"
    "|what is a hive|is it deep|honey|in Anna's notes|compare honey with eggs|the soil|list nests"
).split("|")
JOINTS = (", and | and |? |. |: |, | or | as well as | vs ").split("|")
questions = st.lists(
    st.tuples(st.sampled_from(CLAUSES), st.sampled_from(JOINTS)), min_size=1, max_size=5
).map(lambda pieces: "".join(clause + joint for clause, joint in pieces))


@settings(max_examples=60, deadline=None)
@given(question=questions, model=st.sampled_from([Covered(), ALWAYS, Wordy(3)]))
def test_every_word_told_of_every_part_is_quoted(shelf: Shelf, question: str, model: Model) -> None:
    answer = shelf.ask(question, model)
    require_grounded(answer, shelf.index.source_text)
    assert len(answer.citations) <= MOST_CITATIONS
    assert (REST_MISSING.partition("{")[0] in answer.text) is (answer.status is Status.PARTIAL)
    assert shelf.ask(question, model) == answer
