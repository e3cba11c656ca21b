"""What is found for a question, in which order, and what never counts as evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import WordReranker
from desks import NOBODY_MISSPELLS, Shelf, asked

from chatbot.answer import Passage, Question, Turn
from chatbot.query import understand
from chatbot.reranker import Reranker
from chatbot.retrieval import BLOCKS_JUDGED, MOST_VERSIONS, Retrieval
from ingest.notes import BlockKind

LIBRARY = {
    "storage.md": (
        "# Storage\n\n- [Buckets](#buckets)\n- [Volumes](#volumes)\n- [Archive](#archive)\n\n"
        "## Buckets\n\nBuckets hold objects of any format. "
        + "Objects are kept in buckets for archives and websites alike. "
        * 12
        + "\n\nThe lifecycle of a bucket:\n\n![Bucket lifecycle](img/bucketLifecycle.png)\n\n"
        "## Volumes\n\n| volume | throughput |\n|---|---|\n| gp3 | 125 |\n| io2 | 4000 |\n\n"
        "## Snapshots\n\n## Archive\n\nBuckets become archives after thirty days.\n"
    ),
    "compute/servers.md": (
        "# Servers\n\n## Instances\n\nInstances mount volumes and read buckets.\n\n"
        "## Functions\n\nFunctions run for fifteen minutes.\n"
    ),
    "old.md": "# Old\n\n## Snapshots\n\nSnapshots copy volumes.\n",
}
BUCKETS = "Which objects do buckets hold?"

OpenShelf = Callable[..., Shelf]


@pytest.fixture
def open_shelf(tmp_path: Path) -> Iterator[OpenShelf]:
    """Open notes as an index, with a reranker that counts words unless told otherwise."""
    with ExitStack() as stack:

        def opened(
            notes: dict[str, str] = LIBRARY,
            reranker: Reranker | None = WordReranker(),  # noqa: B008 -- has no state
        ) -> Shelf:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            return stack.enter_context(Shelf.open(notes, folder, reranker))

        yield opened


class ByOpening:
    """Likes the texts that hold a phrase, and nothing else; remembers what it was asked."""

    def __init__(self, phrase: str) -> None:
        self.phrase = phrase
        self.judged: list[str] = []

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        self.judged += texts
        return [9.0 if self.phrase in text else -9.0 for text in texts]


def kinds(found: Retrieval) -> set[BlockKind]:
    return {candidate.block.kind for candidate in found.candidates}


def test_the_section_that_answers_comes_first(open_shelf: OpenShelf) -> None:
    found = open_shelf().retrieve("How long do functions run?")
    assert found.passages[0].heading == ("Servers", "Functions")
    assert found.candidates[0].block.text == "Functions run for fifteen minutes."


def test_words_find_what_vectors_miss_and_vectors_what_words_miss(open_shelf: OpenShelf) -> None:
    # 300 sections in 64 dimensions: the rare word's vector is drowned, its text is not. With
    # no word of the notes in the question, only vectors are left to search by.
    notes = {"many.md": "# Many\n\n" + "".join(f"## Part {n}\n\nword{n}\n\n" for n in range(300))}
    shelf = open_shelf(notes, None)
    assert shelf.retrieve("word217").passages[0].heading[-1] == "Part 217"
    assert len(shelf.retrieve("entirely different vocabulary").passages) == 5


@pytest.mark.parametrize("reranker", [None, WordReranker()])
def test_a_short_form_finds_what_only_the_long_one_says(
    open_shelf: OpenShelf, reranker: Reranker | None
) -> None:
    policy = (
        "# Policy\n\n## Tools\n\nOne tool is quantitative easing (QE).\n\n"
        "## Effects\n\nQuantitative easing lowers the yield of long bonds.\n"
    )
    others = "".join(f"\n## Other {n}\n\nThe yield of bonds, part {n}.\n" for n in range(12))
    shelf = open_shelf({"policy.md": policy + others}, reranker)
    found = shelf.retrieve("Which yield does QE lower?")
    assert found.candidates[0].block.text.startswith("Quantitative easing lowers")
    assert "Effects" in {passage.heading[-1] for passage in found.passages[:2]}


def test_a_passage_in_both_rankings_beats_one_in_either(open_shelf: OpenShelf) -> None:
    # Without judge or shared words elsewhere, the fused score alone decides.
    shelf = open_shelf({"a.md": "# A\n\nalpha beta\n", "b.md": "# B\n\ngamma delta\n"}, None)
    first, second = shelf.retrieve("alpha beta").passages
    assert (first.source, second.source) == ("a.md", "b.md")
    assert first.score > second.score


def test_each_section_shows_one_passage_before_any_shows_two(open_shelf: OpenShelf) -> None:
    shelf = open_shelf()
    passages = shelf.retrieve(BUCKETS, limit=50).passages
    sections = [passage.section_id for passage in passages]
    distinct = len(set(sections))
    assert len(sections) > distinct  # the section on buckets takes several
    assert len(set(sections[:distinct])) == distinct


def test_no_passage_is_given_twice_and_no_more_than_wanted(open_shelf: OpenShelf) -> None:
    shelf = open_shelf()
    for limit in (1, 3, 50):
        chunks = [passage.chunk_id for passage in shelf.retrieve(BUCKETS, limit).passages]
        assert len(chunks) == len(set(chunks)) <= limit


def test_passages_are_verbatim_and_their_scores_fall_between_0_and_1(
    open_shelf: OpenShelf,
) -> None:
    passages = open_shelf().retrieve(BUCKETS, limit=50).passages
    for passage in passages:
        assert LIBRARY[passage.source][passage.start : passage.end] == passage.text
        assert 0 <= passage.score <= 1


@pytest.mark.parametrize("scope", [{"storage.md"}, {"compute/servers.md"}, {"old.md"}])
def test_a_scope_keeps_everything_found_to_its_sources(
    open_shelf: OpenShelf, scope: set[str]
) -> None:
    found = open_shelf().retrieve("buckets volumes snapshots", scope=frozenset(scope))
    assert {passage.source for passage in found.passages} == scope
    assert {candidate.section.source for candidate in found.candidates} == scope


@pytest.mark.parametrize("scope", [frozenset(), frozenset({"nowhere.md", "' OR 1=1 --"})])
def test_an_unknown_scope_finds_nothing(open_shelf: OpenShelf, scope: frozenset[str]) -> None:
    found = open_shelf().retrieve(BUCKETS, scope=scope)
    assert found == Retrieval((), ())


def test_header_rows_are_never_evidence(open_shelf: OpenShelf) -> None:
    found = open_shelf().retrieve("volume throughput")
    assert BlockKind.ROW in kinds(found)
    assert BlockKind.HEADER not in kinds(found)


def test_tables_of_contents_are_never_evidence(open_shelf: OpenShelf) -> None:
    shelf = open_shelf()
    assert any(section.navigation for section in shelf.index.sections())
    found = shelf.retrieve("storage buckets volumes")
    assert not any(candidate.section.navigation for candidate in found.candidates)
    assert found.candidates


def test_figures_are_evidence_only_when_one_is_asked_for(open_shelf: OpenShelf) -> None:
    shelf = open_shelf()
    assert BlockKind.FIGURE not in kinds(shelf.retrieve("What is the bucket lifecycle?"))
    assert BlockKind.FIGURE in kinds(shelf.retrieve("Is there a diagram of the bucket lifecycle?"))


def test_a_figure_is_judged_however_many_sentences_say_the_words(open_shelf: OpenShelf) -> None:
    sentences = "".join(f"The bucket lifecycle has stage {n}.\n\n" for n in range(30))
    note = f"# Buckets\n\n{sentences}![](stages.png)\n"
    found = open_shelf({"a.md": note}).retrieve("Is there a diagram of the bucket lifecycle?")
    assert BlockKind.FIGURE in kinds(found)
    assert BlockKind.SENTENCE in kinds(found)


def test_an_empty_heading_hides_when_a_full_one_of_the_same_path_stands_elsewhere(
    open_shelf: OpenShelf,
) -> None:
    note = "# A\n\n## Limits\n\n## Other\n\nSomething else.\n\n## Limits\n\nLimits are low.\n"
    passages = open_shelf({"a.md": note}).retrieve("limits", limit=50).passages
    assert [p.text for p in passages if p.heading[-1] == "Limits"] == ["Limits are low."]


def test_an_empty_heading_is_found_when_there_is_nothing_else_of_that_name(
    open_shelf: OpenShelf,
) -> None:
    found = open_shelf().retrieve("snapshots", scope=frozenset({"storage.md"}))
    assert found.passages[0].heading == ("Storage", "Snapshots")
    assert found.passages[0].text.startswith("## Snapshots")
    assert not any(candidate.section.is_stub for candidate in found.candidates)


def test_the_judge_puts_blocks_in_order(open_shelf: OpenShelf) -> None:
    judge = ByOpening("thirty days")
    found = open_shelf(reranker=judge).retrieve("Which archives do buckets become?")
    assert found.candidates[0].block.text == "Buckets become archives after thirty days."
    assert found.passages[0].heading[-1] == "Archive"
    other = open_shelf(reranker=ByOpening("any format")).retrieve(
        "Which archives do buckets become?"
    )
    assert other.candidates[0].block.text == "Buckets hold objects of any format."
    assert other.passages[0].heading[-1] == "Buckets"
    logits = [candidate.logit for candidate in found.candidates]
    assert logits == sorted(logits, reverse=True)


def test_only_so_many_blocks_are_judged(open_shelf: OpenShelf) -> None:
    judge = ByOpening("")
    note = "# Many\n\n" + "\n".join(f"- bucket number {n}" for n in range(60))
    found = open_shelf({"a.md": note}, judge).retrieve("bucket number")
    assert len(found.candidates) == len(judge.judged) == BLOCKS_JUDGED


def test_a_note_that_repeats_the_question_cannot_hide_the_others(open_shelf: OpenShelf) -> None:
    flood = "# Flood\n\n" + "".join(f"## Part {n}\n\n{BUCKETS}\n\n" for n in range(60))
    found = open_shelf({**LIBRARY, "flood.md": flood}).retrieve(BUCKETS)
    assert {candidate.section.source for candidate in found.candidates} > {"flood.md"}
    assert {passage.source for passage in found.passages} > {"flood.md"}


def test_equals_keep_an_order_that_depends_on_the_notes_alone(open_shelf: OpenShelf) -> None:
    same = {f"{name}.md": "# Same\n\nThe very same words.\n" for name in "cab"}
    orders = []
    for notes in (same, dict(reversed(same.items()))):
        found = open_shelf(notes).retrieve("the same words")
        orders.append([passage.source for passage in found.passages])
        assert [c.section.source for c in found.candidates] == ["a.md", "b.md", "c.md"]
    assert orders == [["a.md", "b.md", "c.md"]] * 2


def test_the_same_question_finds_the_same_twice(
    open_shelf: OpenShelf,
) -> None:
    shelf = open_shelf()
    for question in (BUCKETS, "volume throughput", "What is the bucket lifecycle?"):
        assert shelf.retrieve(question) == shelf.retrieve(question)


def test_without_a_reranker_shared_words_judge(open_shelf: OpenShelf) -> None:
    found = open_shelf(reranker=None).retrieve("How long do functions run?")
    assert found.candidates[0].block.text == "Functions run for fifteen minutes."
    assert all(-6 <= candidate.logit <= 6 for candidate in found.candidates)
    assert found.candidates[0].logit > found.candidates[-1].logit


def test_a_shortlist_is_not_judged_yet(open_shelf: OpenShelf) -> None:
    judge = ByOpening("")
    shortlist = open_shelf(reranker=judge).searcher.shortlist(asked(BUCKETS))
    assert shortlist
    assert judge.judged == []
    assert {candidate.logit for candidate in shortlist} == {0.0}


@pytest.mark.parametrize(
    "question",
    ['bucket" OR "1', "NEAR(bucket volume)", "bucket*", "a' OR source:'x", "-bucket ^ (", "\x00 b"],
)
def test_search_syntax_is_only_words(open_shelf: OpenShelf, question: str) -> None:
    assert open_shelf().retrieve(question).passages


# A question in parts, and one that can be read in two ways


def found(names: str) -> Retrieval:
    """What was found, one passage a letter; nothing else is told of them."""
    passages = tuple(Passage("a.md", ("A",), "a", (1, 1), 0, 1, 0.5, n, n, n) for n in names)
    return Retrieval(passages, ())


def letters(passages: Sequence[Passage]) -> str:
    return "".join(passage.chunk_id for passage in passages)


@pytest.mark.parametrize(
    ("parts", "limit", "taken"),
    [
        (("abc", "xyz"), 5, "axbyc"),
        (("abc", "xyz"), 6, "axbycz"),
        (("abc", "xyz"), 1, "a"),
        (("abc", "xyz", "pqr"), 5, "axpby"),
        (("a", "xyz"), 5, "axyz"),  # one has nothing more
        (("", "xyz"), 5, "xyz"),
        (("abc", "abc"), 5, "abc"),  # none is given twice
        (("abc", "cba"), 5, "acb"),
        (("", ""), 5, ""),
    ],
)
def test_the_passages_of_the_parts_take_turns(
    parts: tuple[str, ...], limit: int, taken: str
) -> None:
    whole = Retrieval.of_parts([found(part) for part in parts], limit)
    assert letters(whole.passages) == taken
    assert whole.candidates == ()
    assert [letters(part.passages) for part in whole.parts] == list(parts)


IN_PARTS = "How long do functions run? What do buckets become?"


def test_each_part_is_looked_for_by_itself(open_shelf: OpenShelf) -> None:
    shelf = open_shelf()
    whole = shelf.retrieve(IN_PARTS)
    query = asked(IN_PARTS)
    assert [part.text for part in query.parts] == IN_PARTS.replace("? ", "?|").split("|")
    assert whole.parts == tuple(shelf.searcher.retrieve(part) for part in query.parts)
    assert [p.heading[-1] for p in whole.passages[:2]] == ["Functions", "Archive"]
    assert len(whole.passages) <= 5


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_a_question_in_parts_has_no_more_passages_than_wanted(
    open_shelf: OpenShelf, limit: int
) -> None:
    chunks = [p.chunk_id for p in open_shelf().retrieve(IN_PARTS, limit).passages]
    assert 0 < len(chunks) == len(set(chunks)) <= limit


def test_a_scope_holds_for_every_part(open_shelf: OpenShelf) -> None:
    found = open_shelf().retrieve(IN_PARTS, scope=frozenset({"storage.md"}))
    assert {p.source for part in found.parts for p in part.passages} == {"storage.md"}
    assert {c.section.source for part in found.parts for c in part.candidates} == {"storage.md"}


def test_both_readings_of_a_question_are_looked_for(open_shelf: OpenShelf) -> None:
    shelf = open_shelf()
    history = (Turn("How long do functions run?", "\u2026"),)
    query = understand(Question("Which volumes?", history), NOBODY_MISSPELLS)
    found = shelf.searcher.retrieve(query)
    assert query.other is not None
    assert found.other == shelf.searcher.retrieve(query.other)
    assert found.passages == shelf.searcher.retrieve(replace(query, other=None)).passages


def test_a_question_that_stands_is_looked_for_once(open_shelf: OpenShelf) -> None:
    found = open_shelf().retrieve("How long do functions run?")
    assert (found.parts, found.other) == ((), None)


# Floods


def test_one_note_does_not_keep_the_others_from_being_judged(open_shelf: OpenShelf) -> None:
    flood = "".join(f"- buckets hold objects like {chr(97 + n)}\n" for n in range(20))
    found = open_shelf({"flood.md": f"# Flood\n\n{flood}", **LIBRARY}).retrieve(
        "What do buckets hold?"
    )
    sources = [candidate.section.source for candidate in found.candidates]
    assert sources.count("flood.md") == BLOCKS_JUDGED
    assert len(sources) == BLOCKS_JUDGED + 1
    assert len({passage.source for passage in found.passages}) > 1


def test_one_note_leaves_a_passage_to_the_others(open_shelf: OpenShelf) -> None:
    words = ("oak", "elm", "ash", "fir", "yew", "bay", "box", "fig")
    parts = "".join(f"## {word}\n\nBuckets hold objects of {word}.\n\n" for word in words)
    found = open_shelf({"flood.md": f"# Flood\n\n{parts}", **LIBRARY}).retrieve(
        "Which objects do buckets hold?", limit=5
    )
    sources = [passage.source for passage in found.passages]
    assert sources.count("flood.md") == 4
    assert len(sources) == 5


def test_of_many_versions_some_are_heard_and_others_too(open_shelf: OpenShelf) -> None:
    flood = {f"{n:02}.md": f"# Flood\n\nBuckets hold {n} objects.\n" for n in range(20)}
    found = open_shelf({**flood, **LIBRARY}).retrieve("How many objects do buckets hold?")
    versions = [c for c in found.candidates if c.block.text.startswith("Buckets hold ")]
    assert MOST_VERSIONS <= len(versions) < BLOCKS_JUDGED
    passages = [passage.source for passage in found.passages]
    assert sum(source in flood for source in passages) == MOST_VERSIONS < len(passages)


# What a thing is

FUGUES = "# Music\n\n## Pieces\n\n" + "".join(
    f"- fugue number {n} is hard in {chr(ord('a') + n)} major\n" for n in range(2 * BLOCKS_JUDGED)
)
OPENING = "Several voices enter one after another."
INTRODUCTION = "A fugue is a piece for several voices."


def blocks_of(found: Retrieval) -> list[str]:
    return [candidate.block.text for candidate in found.candidates]


@pytest.mark.parametrize(
    "question",
    ["What is a fugue?", "So what is a fugue?", "What are fugues?", "What is the idea of a fugue?"],
)
def test_how_the_named_section_begins_is_judged_when_it_is_asked_what_it_is(
    open_shelf: OpenShelf, question: str
) -> None:
    shelf = open_shelf({"a.md": FUGUES, "b.md": f"# Forms\n\n## Fugue\n\n{OPENING}\n"})
    assert OPENING in blocks_of(shelf.retrieve(question))


@pytest.mark.parametrize("question", ["What is a fugue?", "What does fugue mean?"])
def test_what_introduces_the_thing_is_judged_wherever_it_stands(
    open_shelf: OpenShelf, question: str
) -> None:
    shelf = open_shelf({"a.md": FUGUES, "b.md": f"# Forms\n\nForms.\n\n{INTRODUCTION}\n"})
    assert INTRODUCTION in blocks_of(shelf.retrieve(question))


def test_defining_a_thing_asks_what_it_is(open_shelf: OpenShelf) -> None:
    shelf = open_shelf({"a.md": FUGUES, "b.md": f"# Forms\n\n## Fugue\n\n{OPENING}\n"})
    assert OPENING in blocks_of(shelf.retrieve("Define fugue"))


def test_a_section_is_not_opened_for_more_than_its_name(open_shelf: OpenShelf) -> None:
    text = f"# Forms\n\n## Fugue\n\n{OPENING}\n\n{INTRODUCTION}\n"
    shelf = open_shelf({"a.md": f"{FUGUES}\n{text}"})
    for question in ("What is the hard number of a fugue?", "Which fugue number is hard?"):
        assert not {OPENING, INTRODUCTION} & set(blocks_of(shelf.retrieve(question)))


def test_sections_out_of_scope_are_not_opened(open_shelf: OpenShelf) -> None:
    text = f"# Forms\n\n## Fugue\n\n{OPENING}\n\n{INTRODUCTION}\n"
    shelf = open_shelf({"a.md": FUGUES, "b.md": text})
    found = shelf.retrieve("What is a fugue?", scope=frozenset({"a.md"}))
    assert {candidate.section.source for candidate in found.candidates} == {"a.md"}
    assert {OPENING, INTRODUCTION} <= set(blocks_of(shelf.retrieve("What is a fugue?")))


def test_no_block_is_judged_twice_for_a_definition(open_shelf: OpenShelf) -> None:
    text = f"# Forms\n\n## Fugue\n\n{INTRODUCTION}\n"
    found = open_shelf({"a.md": FUGUES, "b.md": text}).retrieve("What is a fugue?")
    keys = [candidate.key for candidate in found.candidates]
    assert len(keys) == len(set(keys)) <= BLOCKS_JUDGED
