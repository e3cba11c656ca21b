"""Which sentences count: what of a model's wording is let pass, moved, repaired or left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.answer import Ruling
from chatbot.decision_models import packaged_model
from chatbot.grounding.judge import Judge
from chatbot.grounding.quotables import Quotable
from chatbot.words import content_stems

_SAID = (
    (1, "The harbour lantern burns whale oil and is refilled every 36 hours."),
    (1, "Agnes Thorne lit the lantern in 1871."),
    (1, "The keeper must not leave the tower after dusk."),
    (1, "The north tower is 30 metres high, the south tower 45 metres."),
    (2, "The archive keeps every object for at least 180 days."),
    (2, "The Sluice service copies the archive to the Granary once a day."),
    (3, "The ferry to Oldshore leaves at 9:40 from pier 2."),
    (3, "Bicycles travel free of charge on the ferry."),
)
_HEADINGS = {1: "Lighthouse", 2: "Archive", 3: "Ferry"}
BLOCKS = tuple(
    Quotable(passage, text, _HEADINGS[passage], (_HEADINGS[passage], at, 0))
    for at, (passage, text) in enumerate(_SAID)
)


def share(sentence: str, text: str) -> float:
    said = set(content_stems(sentence))
    return len(said & set(content_stems(text))) / max(1, len(said))


def relevance(sentence: str, texts: Sequence[str]) -> list[float]:
    return [16 * share(sentence, text) - 7 for text in texts]


def closeness(sentence: str, texts: Sequence[str]) -> list[float]:
    return [0.4 + 0.55 * share(sentence, text) for text in texts]


SUPPORTED = packaged_model("chatbot.grounding", "support.json").probability
JUDGE = Judge(BLOCKS, relevance=relevance, closeness=closeness, supported=SUPPORTED)


@pytest.mark.parametrize(
    ("sentence", "cited"),
    [
        ("The harbour lantern burns whale oil and is refilled every 36 hours.", 1),
        ("The lantern was lit by Agnes Thorne in 1871.", 1),
        ("The keeper must not leave the tower after dusk.", 1),
        ("The south tower is 45 metres high, the north tower 30 metres.", 1),
        ("Every object is kept for at least 180 days in the archive.", 2),
        ("The archive is copied to the Granary once a day by the Sluice service.", 2),
        ("On the ferry, bicycles travel free of charge.", 3),
    ],
)
def test_what_the_cited_passage_says_is_verified(sentence: str, cited: int) -> None:
    judgement = JUDGE.judge(sentence, {cited})
    assert judgement.ruling is Ruling.VERIFIED
    assert {BLOCKS[at].passage for at in judgement.places} == {cited}
    assert judgement.problem == ""


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.text[:24])
def test_the_notes_own_words_are_verified(block: Quotable) -> None:
    judgement = JUDGE.judge(block.text, {block.passage})
    assert judgement.ruling is Ruling.VERIFIED
    assert BLOCKS.index(block) in judgement.places


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(
            "The harbour lantern burns whale oil and is refilled every 48 hours.", id="number"
        ),
        pytest.param(
            "The harbour lantern burns whale oil and is refilled every 36 minutes.", id="unit"
        ),
        pytest.param("The keeper must leave the tower after dusk.", id="negation"),
        pytest.param("Edith Crane lit the lantern in 1871.", id="entity"),
        pytest.param(
            "The north tower is 45 metres high, the south tower 30 metres.", id="exchanged"
        ),
    ],
)
def test_what_the_cited_passage_says_otherwise_is_repaired(sentence: str) -> None:
    judgement = JUDGE.judge(sentence, {1})
    assert judgement.ruling is Ruling.REPAIRED
    assert judgement.problem


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param(
            "The Sluice service copies the archive to the Granary once a week.", id="unit"
        ),
        pytest.param(
            "The Sluice service copies the archive to the Harbour once a day.", id="entity"
        ),
    ],
)
def test_a_rhythm_or_a_place_that_differs_is_caught(sentence: str) -> None:
    assert JUDGE.judge(sentence, {2}).ruling is not Ruling.VERIFIED


def test_a_reason_that_the_notes_do_not_give_is_caught() -> None:
    said = "Agnes Thorne lit the lantern in 1871 because sailors had drowned off the cape."
    assert JUDGE.judge(said, {1}).ruling is not Ruling.VERIFIED


def test_a_repaired_sentence_gets_the_block_that_speaks_of_the_same() -> None:
    judgement = JUDGE.judge("Agnes Thorne lit the lantern in 1911.", {1})
    assert judgement.ruling is Ruling.REPAIRED
    assert [BLOCKS[at].text for at in judgement.places] == [BLOCKS[1].text]
    assert judgement.problem == "“1911” is not in the cited place"


def test_a_citation_of_the_wrong_passage_is_moved() -> None:
    judgement = JUDGE.judge("Bicycles travel free of charge on the ferry.", {2})
    assert judgement.ruling is Ruling.VERIFIED
    assert [BLOCKS[at].passage for at in judgement.places] == [3]


def test_a_sentence_without_a_citation_gets_that_of_its_passage() -> None:
    judgement = JUDGE.judge("Bicycles travel free of charge on the ferry.", set())
    assert judgement.ruling is Ruling.VERIFIED
    assert [BLOCKS[at].passage for at in judgement.places] == [3]


def test_what_no_passage_speaks_of_is_unsupported() -> None:
    judgement = JUDGE.judge("Penguins hatch their eggs during the polar winter.", {1})
    assert judgement.ruling is Ruling.UNSUPPORTED
    assert judgement.places == ()


def test_what_no_passage_speaks_of_and_cites_nothing_is_uncited() -> None:
    judgement = JUDGE.judge("Penguins hatch their eggs during the polar winter.", set())
    assert judgement.ruling is Ruling.UNCITED


def test_a_sentence_that_claims_nothing_needs_no_support() -> None:
    judgement = JUDGE.judge("I hope this helps!", {1})
    assert (judgement.ruling, judgement.problem) == (Ruling.UNCITED, "")


def test_a_sentence_of_two_blocks_cites_both() -> None:
    judgement = JUDGE.judge(
        "Agnes Thorne lit the lantern in 1871, and the keeper must not leave the tower after dusk.",
        {1},
    )
    assert judgement.ruling is Ruling.VERIFIED
    assert set(judgement.places) == {1, 2}


def test_passages_that_there_are_not_count_as_none() -> None:
    judgement = JUDGE.judge("Penguins hatch their eggs during the polar winter.", {77, -1, 0})
    assert judgement.ruling is Ruling.UNCITED


def test_without_blocks_nothing_is_supported() -> None:
    nothing = Judge((), relevance=relevance, closeness=closeness, supported=lambda _: 1.0)
    assert nothing.judge("The ferry leaves at 9:40.", {1}).ruling is Ruling.UNCITED


def test_the_threshold_is_the_least_probability_that_counts() -> None:
    judge = Judge(
        BLOCKS,
        relevance=relevance,
        closeness=closeness,
        supported=lambda _: 0.6,
        threshold=0.7,
    )
    assert judge.judge(BLOCKS[0].text, {1}).ruling is Ruling.REPAIRED


class Counted:
    """A likeness that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, sentence: str, texts: Sequence[str]) -> list[float]:
        self.asked += [(sentence, text) for text in texts]
        return relevance(sentence, texts)


def test_a_sentence_and_a_text_are_compared_once() -> None:
    counted, weighed = Counted(), list[float]()

    def unsupported(values: Mapping[str, float]) -> float:
        weighed.append(values["held"])
        return 0.0

    judge = Judge(BLOCKS, relevance=counted, closeness=closeness, supported=unsupported)
    for _ in range(2):
        judge.judge("Agnes Thorne lit the lantern in 1911.", {1})
        judge.judge("Bicycles travel free of charge on the ferry.", {2})
    assert len(counted.asked) == len(set(counted.asked))
    # Each is weighed once: the best of the cited passage is the best of all, or it has none.
    assert len(weighed) == 2 * 2


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.text[:24])
@pytest.mark.parametrize("cited", [set(), {1}, {2}, {3}], ids=str)
def test_what_was_judged_before_changes_no_ruling(block: Quotable, cited: set[int]) -> None:
    fresh = Judge(BLOCKS, relevance=relevance, closeness=closeness, supported=SUPPORTED)
    for said in (block.text, block.text.replace("1", "7").replace("not", "also")):
        assert JUDGE.judge(said, cited) == fresh.judge(said, cited) == JUDGE.judge(said, cited)


WORDS = st.sampled_from(
    "the lantern not 36 hours half % 30 metres; Agnes, but and tower without 1871 ( ) only “ ” - –"
    " ferry [1] https://a.example/b twenty-five thousand µg 1e9 ١٢ DPUs é́".split()
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=25).map(" ".join))


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.sets(st.integers(-2, 5), max_size=3))
def test_any_text_gets_some_ruling_with_places_that_exist(text: str, cited: set[int]) -> None:
    judgement = JUDGE.judge(text, cited)
    assert isinstance(judgement.ruling, Ruling)
    assert all(0 <= at < len(BLOCKS) for at in judgement.places)
    assert len(set(judgement.places)) == len(judgement.places)
    if judgement.ruling in (Ruling.VERIFIED, Ruling.REPAIRED):
        assert judgement.places


@settings(deadline=None, max_examples=100)
@given(st.lists(TEXTS, max_size=4), TEXTS)
def test_any_blocks_may_be_judged_against(texts: list[str], sentence: str) -> None:
    blocks = [Quotable(1, text, text[::-1]) for text in texts]
    judge = Judge(
        blocks,
        relevance=relevance,
        closeness=closeness,
        supported=lambda signs: min(signs.values()),
    )
    assert isinstance(judge.judge(sentence, {1}).ruling, Ruling)
