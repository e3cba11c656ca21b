"""What was missed, on the page: a disclosure for each case, and what can be chosen of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from chatbot.plain_text import neutral
from evals.gates import Comparison, Flip
from evals.reports.markup import Html, element, joined, tag, text
from evals.reports.page_figures import slices_of
from evals.reports.report import Report
from evals.reports.wording import CAUSES, is_right, place, slice_text
from evals.results import CitedPlace, FoundPlace, WrittenSentence
from evals.scoring import Score


def changes(report: Report) -> Html:
    """Every case that flipped since the baseline, the worse ones first."""
    comparison = report.comparison
    if comparison is None:
        return element("p", "There was no baseline to compare with.", class_="empty")
    if not comparison.flips:
        return element("p", "No question changed its outcome.", class_="empty")
    return joined(_machines(comparison), *_flips(comparison))


def _machines(comparison: Comparison) -> Html:
    if comparison.same_machine:
        return text("")
    return element(
        "p",
        "The baseline was made on another machine, which may decide close cases otherwise:"
        " such a case is tolerated unless it is critical.",
        class_="note",
    )


def _flips(comparison: Comparison) -> Iterable[Html]:
    for title, is_better in (("Worse", False), ("Better", True)):
        flips = [flip for flip in comparison.flips if flip.now_passes is is_better]
        if flips:
            yield element("h3", f"{title} ({len(flips)})")
            yield element("ul", *map(_flip, flips), class_="flips")


def _flip(flip: Flip) -> Html:
    name = element("code", flip.case_id)
    kind = "right" if flip.now_passes else "wrong"
    return element(
        "li",
        tag("now passes", kind) if flip.now_passes else tag(f"now {flip.cause}", kind),
        " ",
        joined(tag("critical", "critical"), " ") if flip.critical else "",
        joined(tag("tolerated: close", "open"), " ") if flip.tolerated else "",
        name if flip.now_passes else element("a", name, href=f"#{_anchor(flip.case_id)}"),
        " ",
        element("span", flip.question, dir="auto"),
    )


def misses(report: Report) -> Html:
    """Every case that did not pass, with all that is needed to see why."""
    if not report.misses:
        said = "Every question passed." if report.scores else "Nothing was asked."
        return element("p", said, class_="empty")
    own = report.own_by_case
    return joined(_choices(report), *(_miss(each, own.get(each.case.id)) for each in report.misses))


def _choices(report: Report) -> Html:
    """What narrows the misses down; hidden until the script is there to do it."""
    named = {name for score in report.misses for name in slices_of(score)}
    slices = [("", "all slices"), *((name, slice_text(name)) for name in sorted(named))]
    causes = [("", "all causes"), *((cause, cause) for cause in report.causes)]
    return element(
        "form",
        element("label", "Slice ", _select("slice", slices)),
        element("label", "Cause ", _select("cause", causes)),
        element("button", "Open all", type="button"),
        element("button", "Show all again", type="reset"),
        element("output", "", aria_live="polite"),
        class_="choices",
        hidden="",
    )


def _select(name: str, choices: Sequence[tuple[str, str]]) -> Html:
    return element(
        "select", *(element("option", said, value=value) for value, said in choices), name=name
    )


def _miss(score: Score, own: Score | None) -> Html:
    case = score.case
    cause = str(score.cause)
    kinds = [str(case.item.type).replace("_", " "), case.item.topic]
    kinds += [] if case.counts else ["not counted"]
    return element(
        "details",
        element(
            "summary",
            element("span", case.text, class_="question", dir="auto"),
            element("span", tag(cause, "wrong"), " ",
                    joined(tag("critical", "critical"), " ") if case.item.critical else "",
                    *(joined(tag(kind), " ") for kind in kinds),
                    element("code", case.id), class_="tags"),
        ),
        element("p", CAUSES.get(cause, ""), class_="note"),
        _turns(case.turns),
        element("div", _expected(score), _given(score), class_="sides"),
        _written(score),
        _own_words(own),
        _passages(score),
        _measures(score),
        class_="miss",
        id=_anchor(case.id),
        data_slices=json.dumps([neutral(name) for name in slices_of(score)], ensure_ascii=False),
        data_cause=cause,
    )  # fmt: skip


def _turns(turns: Sequence[str]) -> Html:
    if not turns:
        return text("")
    asked = [element("li", turn, dir="auto") for turn in turns]
    return joined(element("h3", "Asked before"), element("ol", *asked, class_="turns"))


def _expected(score: Score) -> Html:
    item = score.case.item
    if not item.answerable:
        near = element("p", "It seems to be about “", item.near, "”.") if item.near else ""
        said = joined(element("p", "To decline: the notes do not say."), near)
        return element("section", element("h3", "Expected"), said)
    facts = [_fact(fact.text, fact.importance == "vital", score) for fact in item.key_facts]
    places = [
        element("li", place(where.file, where.heading), element("q", where.quote, dir="auto"))
        for where in item.evidence
    ]
    return element(
        "section",
        element("h3", "Expected"),
        element("ul", *facts, class_="facts"),
        element("ul", *places, class_="places"),
    )


def _fact(said: str, is_vital: bool, score: Score) -> Html:
    if not is_vital:
        mark = tag("good to have", "open")
    elif score.result.declined or score.result.error or said in score.missing_facts:
        mark = tag("missing", "wrong")
    else:
        mark = tag("said", "right")
    return element("li", mark, " ", element("span", said, dir="auto"))


def _given(score: Score) -> Html:
    result = score.result
    state = "error" if result.error else "declined" if result.declined else ""
    return element(
        "section",
        element("h3", "Given"),
        tag(state, "wrong" if result.error or score.case.item.answerable else "right")
        if state
        else "",
        element("p", result.error or result.text, class_="answer", dir="auto"),
        element("p", tag("forbidden", "wrong"), " ", "; ".join(score.forbidden))
        if score.forbidden
        else "",
        element("ul", *(_citation(score, cited) for cited in result.citations), class_="places")
        if result.citations
        else "",
    )


def _written(score: Score) -> Html:
    """What a model wrote, and what became of each sentence; nothing where none was asked."""
    writing = score.result.writing
    if writing is None:
        return text("")
    rows = [_sentence(each) for each in writing.sentences]
    return joined(
        element("h3", "The model wrote"),
        element("ul", *rows, class_="written") if rows else element("p", "Nothing.", class_="note"),
        element("p", writing.notice, class_="note", dir="auto") if writing.notice else "",
    )


def _sentence(sentence: WrittenSentence) -> Html:
    is_out = not sentence.text and not sentence.is_refusal
    kind = "wrong" if is_out else "right" if sentence.ruling == "verified" else "open"
    is_reworded = bool(sentence.text) and sentence.text != sentence.said
    return element(
        "li",
        tag("not in the notes" if sentence.is_refusal else sentence.ruling, kind),
        " ",
        element("del" if is_out or is_reworded else "span", sentence.said, dir="auto"),
        element("span", f" {sentence.problem}", class_="note") if sentence.problem else "",
        element("q", sentence.text, dir="auto") if is_reworded else "",
    )


def _own_words(own: Score | None) -> Html:
    """The same question in the notes' own words."""
    if own is None:
        return text("")
    return joined(
        element("h3", "In the notes' own words"),
        tag("passed", "right") if own.passed else tag(str(own.cause), "wrong"),
        element("p", own.result.text, class_="answer", dir="auto"),
    )


def _citation(score: Score, cited: CitedPlace) -> Html:
    return element(
        "li",
        f"[{cited.number}] ",
        place(cited.source, cited.heading),
        " ",
        _section_tag(score, cited),
        "" if cited.is_exact else joined(" ", tag("not exact", "wrong")),
        element("q", cited.quote, dir="auto"),
    )


def _passages(score: Score) -> Html:
    found = score.result.passages
    rows = [
        element("li", place(where.source, where.heading), " ",
                element("span", f"{where.score:.2f}", class_="note"), " ",
                _section_tag(score, where))
        for where in found
    ]  # fmt: skip
    return joined(
        element("h3", "Retrieved"),
        element("ol", *rows, class_="places") if rows else element("p", "Nothing.", class_="note"),
    )


def _section_tag(score: Score, where: CitedPlace | FoundPlace) -> Html:
    """Whether the place is a right one; nothing for a question that has no right one."""
    if not score.case.item.evidence:
        return text("")
    return tag("right section", "right") if is_right(score, where) else text("")


def _measures(score: Score) -> Html:
    result = score.result
    said = [
        f"confidence {result.confidence:.2f}",
        f"margin {score.margin:.2f}",
        *([] if score.groundedness is None else [f"groundedness {score.groundedness:.2f}"]),
        *([f"{score.words} words"] if score.words else []),
        f"{result.milliseconds:.0f} ms",
    ]
    return element("p", " · ".join(said), class_="note")


def _anchor(case_id: str) -> str:
    return f"case-{case_id}"
