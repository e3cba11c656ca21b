"""Figures: whether there is one and where; nothing is fetched."""

from __future__ import annotations

import pytest
from desks import Notes, told

from chatbot.candidates import Candidate
from chatbot.draft import Line
from chatbot.extractive import figures
from chatbot.extractive.figures import LOGITS_BEHIND, MOST_FIGURES
from chatbot.extractive.lists import hanging

NOTE = (
    "# Streams\n\n## Shards\n\nArchitecture:\n\n"
    "- Producers and consumers\n  ![Shards of a stream](img/shards.png)\n"
    "- Firehose writes the records of a stream into a bucket.\n  ![](img/fire.png)\n\n"
    "![Consumers](img/consumers.png)\n\n"
    "## Other\n\n![Elsewhere](img/other.png)\n"
)


@pytest.fixture(scope="module")
def notes() -> Notes:
    return Notes.of(NOTE)


def composed(notes: Notes, logits: dict[str, float]) -> tuple[Line, ...]:
    candidates = [notes.found(opening, logit) for opening, logit in logits.items()]
    return figures.compose(notes.desk("Is there a diagram of the shards?", *candidates))


def test_says_that_there_is_a_figure_with_its_caption_and_address(notes: Notes) -> None:
    lines = composed(notes, {"Shards of": 4.0})
    assert told(lines) == ["Yes, there is a figure: Shards of a stream img/shards.png"]
    assert notes.quotes(lines) == ["![Shards of a stream](img/shards.png)"]


def test_a_sentence_judged_better_is_no_figure(notes: Notes) -> None:
    lines = composed(notes, {"Producers": 9.0, "Shards of": 4.0})
    assert len(lines) == 1
    assert "shards.png" in lines[0].text


def test_nothing_is_said_without_a_figure(notes: Notes) -> None:
    assert composed(notes, {"Producers": 9.0}) == ()
    assert composed(notes, {}) == ()


def test_further_figures_of_the_section_follow_when_judged_nearly_as_good(notes: Notes) -> None:
    near = composed(notes, {"Shards of": 4.0, "Consumers": 3.95, "Elsewhere": 3.9})
    assert told(near) == [
        "Yes, there is a figure: Shards of a stream img/shards.png",
        "Figure: Consumers img/consumers.png",
    ]
    assert len(composed(notes, {"Shards of": 4.0, "Consumers": 3.9 - LOGITS_BEHIND})) == 1


def test_a_figure_without_a_caption_comes_with_what_it_hangs_from() -> None:
    notes = Notes.of("# DMS\n\n- high level architecture\n  ![](img/dms.png)\n")
    (figure,) = (b for b in notes.sections[0].blocks if b.address)
    desk = notes.desk("A diagram of DMS?", Candidate(notes.sections[0], figure, 0.01, 4.0))
    assert told(figures.compose(desk)) == [
        "Yes, there is a figure: img/dms.png",
        "high level architecture",
    ]


def test_only_so_many_figures_are_shown() -> None:
    notes = Notes.of("# A\n\n" + "".join(f"![Map {n}](m{n}.png)\n\n" for n in range(9)))
    assert len(composed(notes, {f"Map {n}": 4.0 for n in range(9)})) == MOST_FIGURES


def hung(notes: Notes, opening: str) -> list[str]:
    best = notes.found(opening)
    return told(
        figures.hanging_figures(notes.texts.__getitem__, best, hanging(best.section, best.block))
    )


def test_a_caption_brings_its_figure_along(notes: Notes) -> None:
    assert hung(notes, "Producers") == [
        "Producers and consumers",
        "Figure: Shards of a stream img/shards.png",
    ]


def test_a_sentence_that_says_something_stands_alone(notes: Notes) -> None:
    assert hung(notes, "Firehose") == []


def test_text_without_a_figure_brings_none(notes: Notes) -> None:
    assert hung(notes, "Architecture") == []


def test_a_figure_without_a_caption_is_its_address(notes: Notes) -> None:
    section = notes.section("Shards")
    (figure,) = (block for block in section.blocks if block.address == "img/fire.png")
    assert told(
        [figures.figure_line(notes.texts.__getitem__, section, figure, figures.FIGURE)]
    ) == ["Figure: img/fire.png"]


@pytest.mark.parametrize("address", ["https://evil.example/?q=1", "../../etc/passwd"])
def test_an_address_is_only_text(address: str) -> None:
    notes = Notes.of(f"# A\n\n![Map]({address})\n")
    lines = composed(notes, {"Map": 4.0})
    assert told(lines) == [f"Yes, there is a figure: Map {address}"]


def test_the_address_of_a_reference_style_image_is_not_told() -> None:
    # It stands elsewhere in the note, and no citation would hold it.
    notes = Notes.of("# A\n\n![Map][m]\n\n[m]: img/map.png\n")
    lines = composed(notes, {"Map": 4.0})
    assert told(lines) == ["Yes, there is a figure: Map"]
