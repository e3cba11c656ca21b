"""The page of a run: what it says, and that whatever is in it is only said."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_report import (
    ELSEWHERE,
    HOSTILE,
    baseline,
    clean,
    empty,
    hostile,
    hostile_report,
    invented,
    item,
    missing,
    passing,
    raised,
    report,
    result,
    sample,
)

import evals.reports
from chatbot.plain_text import neutral
from evals.gates import Bound
from evals.golden_set import Case
from evals.metrics.intervals import Interval
from evals.reports.markup import element, joined, text
from evals.reports.page import page
from evals.reports.report import Report
from evals.reports.verdict import verdict
from evals.reports.wording import (
    CAUSES,
    METRICS,
    interval_text,
    misses_compared,
    percent,
    value_text,
)
from evals.results import CitedPlace, FoundPlace
from evals.scoring import Cause, score
from evals.summary import ALL, Figure, summarise

FOLDER = Path(str(evals.reports.__file__)).parent
CSS = (FOLDER / "page.css").read_text(encoding="utf-8")
SCRIPT = (FOLDER / "page.js").read_text(encoding="utf-8")
VOID = {"meta"}
SURROGATE = "\ud800"  # no golden item may hold it
Made: TypeAlias = Callable[[], Report]
REPORTS: dict[str, Made] = {
    "sample": sample,
    "clean": clean,
    "empty": empty,
    "hostile": hostile_report,
}


@dataclass
class Node:
    """An element of a parsed page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    content: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.content:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, tag: str, kind: str = "") -> list[Node]:
        found = [node for node in self.walk() if node.tag == tag]
        return [n for n in found if not kind or kind in n.attributes.get("class", "").split()]

    def one(self, tag: str, kind: str = "") -> Node:
        (only,) = self.all(tag, kind)
        return only

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.content)

    @property
    def words(self) -> str:
        """The text as it is laid out: elements apart, white space aside."""
        parts = [c if isinstance(c, str) else c.words for c in self.content]
        return " ".join(" ".join(parts).split())


class Reader(HTMLParser):
    """Reads a page, and refuses one of which not every element is closed in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("document")]
        self.feed(html)
        self.close()
        assert len(self.open) == 1, f"<{self.open[-1].tag}> is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(of: Report) -> Node:
    return Reader(page(of)).open[0]


def section(of: Report, name: str) -> Node:
    (found,) = [n for n in read(of).all("section") if n.attributes.get("id") == name]
    return found


def miss(of: Report, case_id: str) -> Node:
    (found,) = [
        n for n in read(of).all("details", "miss") if n.attributes["id"] == f"case-{case_id}"
    ]
    return found


def shape(node: Node) -> list[str]:
    """The tags and attribute names, in order."""
    return [f"{each.tag} {' '.join(each.attributes)}" for each in node.walk()]


# Nothing but itself, and nothing active


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
def test_a_page_asks_for_nothing(made: Made) -> None:
    tree = read(made())
    for node in tree.walk():
        assert node.tag not in {"link", "img", "iframe", "object", "embed", "base", "audio"}
        names = set(node.attributes)
        assert not names & {"src", "srcset", "style", "action", "formaction", "background", "ping"}
        assert not [name for name in names if name.startswith("on")]
        assert node.attributes.get("href", "#").startswith("#")
    for asset in (CSS, SCRIPT):
        assert not re.search(r"url\(|@import|https?:|fetch|XMLHttp|innerHTML|eval|import\(", asset)


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
def test_only_the_pages_own_script_and_style_are_let_in(made: Made) -> None:
    tree = read(made())
    assert tree.one("script").text == SCRIPT
    assert tree.one("style").text == CSS
    (policy,) = [n.attributes["content"] for n in tree.all("meta") if "http-equiv" in n.attributes]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for rule, asset in (("script-src", SCRIPT), ("style-src", CSS)):
        digest = b64encode(sha256(asset.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
def test_every_link_leads_to_something_on_the_page(made: Made) -> None:
    tree = read(made())
    ids = [node.attributes["id"] for node in tree.walk() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    links = [node.attributes["href"].removeprefix("#") for node in tree.all("a")]
    assert len(links) > 5
    assert set(links) <= set(ids)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_are_words(words: str) -> None:
    harmless, tree = read(report([hostile("x")])), read(report([hostile(words)]))
    assert shape(tree) == shape(harmless)
    shown = tree.one("details", "miss").text
    for kind in ("answer", "source", "title", "quote"):
        assert f"{kind} {neutral(words)}" in shown
    for kind in ("topic", "question", "earlier", "fact", "extra", "file", "head", "gold"):
        assert f"{kind} {neutral(words.replace(SURROGATE, ''))}" in shown


@settings(deadline=None, max_examples=40)
@given(st.text())
def test_whatever_the_words_the_page_has_the_same_elements(words: str) -> None:
    assert shape(read(report([hostile(words)]))) == shape(read(report([hostile("x")])))


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
def test_a_page_can_be_written_as_utf_8(made: Made) -> None:
    html = page(made())
    assert html.encode().decode() == html
    assert '<meta charset="utf-8">' in html[:200]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", html)


def test_markup_is_escaped_unless_it_was_built() -> None:
    built = element("b", "<i>", title='"&')
    assert built == '<b title="&quot;&amp;">&lt;i&gt;</b>'
    assert joined(built, "<i>") == f"{built}&lt;i&gt;"
    assert text(built) == built
    # Put together by hand it is a plain string again, and so it is escaped.
    assert text(built + "") == text(str(built)) != built


# The verdict


def test_a_failed_floor_says_by_how_much() -> None:
    scores = [*(passing(f"good-{n}") for n in range(7)), *(missing(f"bad-{n}") for n in range(3))]
    said = verdict(report(scores, floors={"all": {"passed": Bound(at_least=0.925)}}))
    assert said.tone == "failed"
    assert said.headline == "Failed: 1 of 1 floors is not reached"
    assert "all questions, passed: 70.0 %, 22.5 points short of 92.5 %" in plain(said.faults[0])
    assert "7 of 10 questions passed (70.0 %)." in plain(said.lead)


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (Bound(at_most=0.5), "20.0 points over 50 %"),
        (Bound(at_least=0.70004), "0.004 points short of 70.004 %"),
    ],
)
def test_a_floor_that_is_missed_by_little_is_missed_by_something(bound: Bound, said: str) -> None:
    scores = [*(passing(f"good-{n}") for n in range(7)), *(missing(f"bad-{n}") for n in range(3))]
    assert said in plain(verdict(report(scores, floors={"all": {"passed": bound}})).faults[0])


def test_what_got_worse_is_named_with_its_cause() -> None:
    scores = [passing("good-1"), missing("bad-1", critical=True), invented("bad-2")]
    before = baseline({"good-1": True, "bad-1": True, "bad-2": True})
    said = verdict(report(scores, baseline=before))
    assert said.headline == "Failed: 2 questions got worse since the baseline"
    assert said.faults == (
        "bad-1, which is critical, passed in the baseline: now retrieved, not used",
        "bad-2 passed in the baseline: now answered though the notes do not say",
    )


def test_an_error_is_not_taken_for_an_answer() -> None:
    said = verdict(report([passing("good-1"), raised("bad-1")]))
    assert said.headline == "Not judged: 1 question raised an error"
    assert said.faults[0] == "bad-1 raised OSError: disk gone"


def test_a_run_that_passes_says_what_holds() -> None:
    said = verdict(clean())
    assert (said.tone, said.headline, said.faults) == ("passed", "Passed", ())
    assert said.notes == ("The one floor holds.", "Nothing got worse since the baseline.")


def test_an_empty_run_has_not_passed() -> None:
    said = verdict(empty())
    assert said.tone == "open"
    assert said.headline == "Nothing was asked, so there is nothing to judge"
    banner = read(empty()).one("header")
    assert "open" in banner.attributes["class"]
    assert "passed" not in banner.attributes["class"]


def test_a_run_without_a_floor_or_a_baseline_is_not_called_passed() -> None:
    few = {"all": {"passed": Bound(at_least=0.5)}}
    for of in (report([missing("bad-1")]), report([missing("bad-1")], floors=few)):
        assert of.exit == 0
        assert verdict(of).tone == "open"
        assert verdict(of).headline.startswith("Measured, not judged")


def test_only_the_first_faults_are_named_and_the_others_counted() -> None:
    said = verdict(report([raised(f"bad-{number}") for number in range(8)]))
    assert len(said.faults) == 6
    assert said.faults[-1] == "… and 3 more"


@pytest.mark.parametrize("made", [sample, clean, empty, hostile_report])
def test_the_page_begins_with_the_verdict(made: Made) -> None:
    of = made()
    banner, said = read(of).one("header"), verdict(of)
    assert banner.one("h1").text == neutral(said.headline)
    for line in (said.lead, *said.faults, *said.notes):
        assert " ".join(neutral(line).split()) in banner.words


# Figures


def test_headline_figures_stand_beside_the_controls() -> None:
    (card, *_) = section(sample(), "figures").all("li")
    assert card.one("h3").text == "Passed"
    assert card.one("p", "value").words == "64.3 %"
    assert card.one("p", "note").words.startswith("n = 14 · ")
    assert card.one("p", "control").words.startswith("control 0 % · 2.8× fewer misses")


def test_a_bar_is_as_long_as_its_share() -> None:
    (card, *_) = section(sample(), "figures").all("li")
    (fill,) = card.all("rect", "fill")
    assert fill.attributes["width"] == f"{900 / 14:.2f}%"
    reach, figure = card.one("rect", "reach"), sample().figures[ALL]["passed"]
    assert figure.interval is not None
    assert reach.attributes["x"] == f"{100 * figure.interval.low:.2f}%"
    assert card.one("rect", "tick").attributes["x"] == "0.00%"


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
def test_what_a_bar_shows_is_said_in_words(made: Made) -> None:
    for node in read(made()).walk():
        children = [child for child in node.content if isinstance(child, Node)]
        if any(child.tag == "svg" for child in children):
            assert re.search(r"\d", node.words) or "n/a" in node.words
    assert all(svg.attributes["aria-hidden"] == "true" for svg in read(made()).all("svg"))


def test_every_slice_is_there_with_its_interval_or_that_there_are_too_few() -> None:
    of = sample()
    rows = {n.one("span", "name").text: n.words for n in section(of, "slices").all("li")}
    assert set(rows) == {
        *("critical questions", "fact", "list", "near miss", "follow up", "storage", "compute"),
    }
    assert "0 % n = 1 · too few for an interval · control 0 % · 1 miss" in rows["list"]
    assert rows["critical questions"].endswith(" · control 0 % · 1 miss")
    spread = plain(interval_text(of.figures["topic: storage"]["passed"].interval))
    assert rows["storage"].startswith(f"storage 69.2 % n = 13 · {spread} · control 0 % · 4 misses")


def test_a_run_without_slices_shows_no_bars() -> None:
    assert section(empty(), "slices").words == "Slices There is no slice."


def test_the_worst_slice_comes_first() -> None:
    groups = section(sample(), "slices").all("section", "group")
    types = [row.one("span", "name").text for row in groups[1].all("li")]
    assert types == ["follow up", "list", "near miss", "fact"]


def test_every_cause_is_there_with_its_count_and_what_it_means() -> None:
    rows = section(sample(), "causes").all("li")
    assert [(r.one("span", "name").text, r.one("span", "amount").text) for r in rows] == [
        (Cause.NOT_USED, "3"),
        (Cause.NEEDLESSLY_DECLINED, "2"),
        (Cause.ANSWERED_UNANSWERABLE, "1"),
    ]
    assert CAUSES[Cause.NOT_USED] in rows[0].words


def test_each_step_of_the_confidence_shows_what_was_said_and_what_is_so() -> None:
    (row,) = section(sample(), "confidence").all("li")
    assert row.words == "90.0 % to 100 % 85.7 % n = 14 · 90.0 % sure on average"
    assert "Nothing was asked." in section(empty(), "confidence").words


def test_every_floor_is_there_and_the_failed_ones_come_first() -> None:
    body = section(sample(), "floors").one("tbody")
    rows = [[cell.words for cell in row.content if isinstance(cell, Node)]
            for row in body.all("tr")]  # fmt: skip
    assert [row[0] for row in rows] == [
        "All questions: passed passed",
        "All questions: answerable questions refused over_refusal",
        "Topic sailing: passed passed",
        "All questions: answers whose quotes are exact quotes_exact",
    ]
    assert rows[0][1:] == ["at least 90 %", "64.3 % n = 14", "no 25.7 points short of 90 %"]
    assert rows[1][1:] == ["at most 5 %", "8.3 % n = 12", "no 3.3 points over 5 %"]
    assert rows[2][2:] == ["n/a n = 0", "too few"]
    assert rows[3][3] == "yes"


def test_every_figure_of_the_summary_is_on_the_page() -> None:
    of = sample()
    table = section(of, "figures").one("details")
    named = [code.text for code in table.all("code")]
    assert named == list(of.figures[ALL])


def test_every_figure_has_a_name_in_plain_words() -> None:
    assert set(summarise([passing("good-1")])[ALL]) <= set(METRICS)
    assert set(CAUSES) == set(Cause)


def test_a_figure_that_is_not_known_goes_by_its_own_name() -> None:
    of = sample()
    figures = {ALL: {**of.figures[ALL], "new_<b>": Figure(0.5, 3)}}
    assert "New <b> new_<b> 0.500" in section(replace(of, figures=figures), "figures").words


# Since the baseline


def test_flips_are_told_worse_first_and_critical_ones_marked() -> None:
    changes = section(sample(), "changes")
    assert [title.text for title in changes.all("h3")] == ["Worse (2)", "Better (1)"]
    lines = [line.words for line in changes.all("li")]
    assert lines == [
        "now retrieved, not used critical bad-1 What does bad-1 hold?",
        "now retrieved, not used bad-2 What does bad-2 hold?",
        "now passes good-1 What does good-1 hold?",
    ]


def test_a_tolerated_flip_says_so() -> None:
    case = Case(item("bad-1"), "question", "What?")
    close = score(case, result(case, "Nothing.", confidence=0.51))
    of = report([close], baseline=baseline({"bad-1": True}, ELSEWHERE))
    assert "tolerated: close" in section(of, "changes").one("li").words
    assert "another machine" in section(of, "changes").words
    assert verdict(of).tone == "passed"
    assert "1 question got worse and may" in " ".join(verdict(of).notes)


def test_without_a_baseline_nothing_is_said_to_be_unchanged() -> None:
    assert section(empty(), "changes").words.endswith("There was no baseline to compare with.")
    assert section(clean(), "changes").words.endswith("No question changed its outcome.")


# The misses


def test_every_miss_is_there_with_its_cause() -> None:
    of = sample()
    shown = {
        n.attributes["id"]: (n.attributes["data-cause"], n.one("summary").words)
        for n in section(of, "misses").all("details")
    }
    assert list(shown) == [f"case-{each.case.id}" for each in of.misses]
    for each in of.misses:
        cause, line = shown[f"case-{each.case.id}"]
        assert cause == each.cause
        assert str(each.cause) in line
        assert each.case.text in line


def test_a_miss_shows_what_was_expected_and_what_came() -> None:
    of = report([hostile("W")])
    shown = miss(of, "hostile-0")
    for words in ("question W", "earlier W", "fact W", "extra W", "gold W", "answer W", "quote W"):
        assert words in shown.words
    assert "file W › head W" in shown.words
    assert "[1] source W › title W › end not exact" in shown.words
    assert "missing fact W" in shown.words
    assert "good to have extra W" in shown.words


def test_right_passages_are_marked_and_others_are_not() -> None:
    right, other = miss(sample(), "bad-2").all("ol")[-1].all("li")
    assert right.words == "storage.md › Storage › Buckets bad-2 0.91 right section"
    assert other.words == "compute.md › Compute › Elsewhere 0.42"


def test_citations_are_marked_by_section_and_exactness() -> None:
    case = Case(item("bad-1"), "question", "What?")
    places = (
        CitedPlace(1, "storage.md", ("Storage", "Buckets bad-1"), "right", 0, 5, is_exact=False),
        CitedPlace(2, "storage.md", ("Storage",), "wrong", 0, 5, is_exact=True),
    )
    of = report([score(case, result(case, "It holds. [1] [2]", citations=places))])
    given = [line.words for line in miss(of, "bad-1").all("li") if line.words.startswith("[")]
    assert given == [
        "[1] storage.md › Storage › Buckets bad-1 right section not exact right",
        "[2] storage.md › Storage wrong",
    ]


def test_a_fact_that_was_said_is_not_called_missing() -> None:
    case = Case(item("bad-1"), "question", "What?")
    cited = (CitedPlace(1, "other.md", ("Other",), "Q", 0, 1, is_exact=True),)
    of = report([score(case, result(case, citations=cited))])
    assert of.causes == {Cause.WRONG_CITATION: 1}
    assert "said a bucket holds objects" in miss(of, "bad-1").words
    assert "missing" not in miss(of, "bad-1").words


def test_an_unanswerable_question_was_to_be_declined() -> None:
    shown = miss(sample(), "bad-4")
    assert "To decline: the notes do not say." in shown.words
    assert "Prices of bad-4" in shown.words
    assert "right section" not in shown.words


def test_an_error_is_shown_in_place_of_the_answer() -> None:
    shown = miss(report([raised("bad-1")]), "bad-1")
    assert "error OSError: disk gone" in shown.words
    assert "Retrieved Nothing." in shown.words


def test_a_wording_that_is_not_counted_says_so_and_is_in_no_slice() -> None:
    shown = miss(sample(), "bad-5/standalone")
    assert "not counted" in shown.one("summary").words
    assert json.loads(shown.attributes["data-slices"]) == ["stand-alone wordings"]


def test_every_choice_of_the_filter_shows_a_miss() -> None:
    tree = section(hostile_report(), "misses")
    shown = tree.all("details")
    slices, causes = tree.all("select")
    for option in slices.all("option")[1:]:
        wanted = option.attributes["value"]
        assert [n for n in shown if wanted in json.loads(n.attributes["data-slices"])]
    for option in causes.all("option")[1:]:
        assert option.attributes["value"] in {n.attributes["data-cause"] for n in shown}


def test_a_link_to_the_misses_of_a_slice_names_a_choice_of_the_filter() -> None:
    tree = read(sample())
    choices = {option.attributes["value"] for option in tree.all("option")}
    links = [a.attributes for a in tree.all("a") if a.attributes["href"] == "#misses"]
    named = {a.get("data-slice", a.get("data-cause")) for a in links} - {None}
    assert len(named) >= 9
    assert named <= choices


def test_without_the_script_nothing_is_missing_but_the_filter() -> None:
    tree = read(sample())
    hidden = [node.tag for node in tree.walk() if "hidden" in node.attributes]
    assert hidden == ["form"]


def test_a_run_without_misses_says_so() -> None:
    assert section(clean(), "misses").words == "Misses Every question passed."
    assert section(empty(), "misses").words == "Misses Nothing was asked."


# To be read by everybody


@pytest.mark.parametrize("made", REPORTS.values(), ids=REPORTS)
def test_headings_skip_no_level(made: Made) -> None:
    levels = [int(n.tag[1]) for n in read(made()).walk() if re.fullmatch(r"h[1-6]", n.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(level <= before + 1 for before, level in pairwise(levels))


def test_every_choice_and_button_has_a_name() -> None:
    tree = read(sample())
    labelled = [label.one("select") for label in tree.all("label")]
    assert len(labelled) == len(tree.all("select")) == 2
    assert all(label.text.strip() for label in tree.all("label"))
    assert all(button.text.strip() for button in tree.all("button"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "card"])
def test_words_stand_out_from_their_ground(scheme: str, ground: str) -> None:
    light, dark = (dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in roots())
    colours = light | dark if scheme == "dark" else light
    assert scheme == "light" or set(dark) == set(light)
    for name in ("ink", "soft", "link", "control", "good", "bad", "open"):
        # WCAG 2.2, success criterion 1.4.3: 4.5 for text, and 1.4.11: 3 for what is drawn.
        assert contrast(colours[name], colours[ground]) >= 4.5, name
    for name in ("ours", "control", "ink"):
        assert contrast(colours[name], colours["track"]) >= 3, name


def test_contrast_is_what_it_is_said_to_be() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


# Words for numbers


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0 %"), (1, "100 %"), (0.5, "50.0 %"), (0.9999, "99.9 %"), (0.0001, "0.1 %")],
)
def test_rounding_makes_no_miss_disappear(share: float, said: str) -> None:
    assert plain(percent(share)) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ms_p50", 273.4, "273 ms"),
        ("ms_p95", 1449, "1.4 s"),
        ("words_p95", 77.0, "77 words"),
        ("crag_score", -0.25, "−0.250"),
        ("follow_up_gap", 0.021, "+2.1 points"),
        ("passed", None, "n/a"),
    ],
)
def test_a_figure_has_its_unit(name: str, value: float | None, said: str) -> None:
    assert plain(value_text(name, value)) == said


@pytest.mark.parametrize(
    ("name", "ours", "control", "said"),
    [
        ("passed", 0.9, 0.6, "4.0× fewer"),
        ("passed", 0.6, 0.9, "4.0× more"),
        ("over_refusal", 0.1, 0.2, "2.0× fewer"),
        ("passed", 1.0, 0.6, "none left"),
        ("over_refusal", 0.1, 0.0, "the control has none"),
        ("passed", 0.6, 0.6, "as many"),
        ("passed", 0.60, 0.61, "about as many"),
        ("ms_p50", 100, 200, ""),
        ("passed", 0.6, None, ""),
    ],
)
def test_misses_are_counted_against_the_controls(
    name: str, ours: float, control: float | None, said: str
) -> None:
    assert misses_compared(name, Figure(ours, 10), Figure(control, 10)) == said


def test_an_interval_without_spread_is_not_shown() -> None:
    # Resampling 23 passes gives 23 passes, however the next question would go.
    assert interval_text(Interval(1.0, 1.0)) == ""
    assert plain(interval_text(Interval(0.5, 0.75))) == "50–75 %"


def test_a_passage_counts_as_right_anywhere_on_its_path() -> None:
    case = Case(item("bad-1"), "question", "What?")
    below = FoundPlace("storage.md", ("Buckets bad-1", "Details"), 0.5)
    of = report([score(case, result(case, "Nothing.", passages=(below,)))])
    assert "Buckets bad-1 › Details 0.50 right section" in miss(of, "bad-1").words


def plain(said: str) -> str:
    return " ".join(said.split())


def roots() -> tuple[str, str]:
    """The colours of the light scheme, and those of the dark one."""
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return light, dark


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
