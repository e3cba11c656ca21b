"""A run as one page to look at: `index.html`, which needs nothing but itself."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from evals.reports import page_figures, page_misses
from evals.reports.markup import Html, element, joined, text
from evals.reports.report import Report
from evals.reports.verdict import Verdict, verdict

SECTIONS = {
    "figures": "Figures",
    "model": "The model",
    "slices": "Slices",
    "causes": "Causes of misses",
    "confidence": "Confidence",
    "floors": "Floors",
    "changes": "Since the baseline",
    "misses": "Misses",
}


def page(report: Report) -> str:
    """The report as an HTML page. It asks for nothing, and runs no script but its own."""
    said = verdict(report)
    writing = _section("model", page_figures.writing(report)) if report.model else text("")
    content = joined(
        _section("figures", page_figures.headlines(report), _every_figure(report)),
        writing,
        _section("slices", page_figures.slices(report)),
        _section("causes", page_figures.causes(report)),
        _section("confidence", page_figures.confidence(report)),
        _section("floors", page_figures.floors(report)),
        _section("changes", page_misses.changes(report)),
        _section("misses", page_misses.misses(report)),
    )
    body = element("body", _banner(said, report), element("main", content), _footer(report),
                   element("script", _asset("page.js")))  # fmt: skip
    html = element("html", _head(said.headline), body, lang="en")
    return f"<!DOCTYPE html>\n{html}\n"


def _head(headline: str) -> Html:
    # Were a text not escaped after all, the policy still lets nothing run and nothing be fetched.
    policy = (
        f"default-src 'none'; style-src '{_digest('page.css')}'; script-src '{_digest('page.js')}';"
        " base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        element("title", f"{headline} · Footnote evals"),
        element("style", _asset("page.css")),
    )


def _banner(said: Verdict, report: Report) -> Html:
    shown = {name: title for name, title in SECTIONS.items() if name != "model" or report.model}
    links = [element("a", title, href=f"#{name}") for name, title in shown.items()]
    return element(
        "header",
        element("p", "Footnote evals · ", element("time", report.made.replace("T", " "),
                datetime=report.made), class_="eyebrow"),
        element("h1", said.headline),
        element("p", said.lead, class_="lead") if said.lead else "",
        element("ul", *(element("li", fault) for fault in said.faults)) if said.faults else "",
        element("p", " ".join(said.notes), class_="note"),
        element("nav", *links, aria_label="Sections"),
        class_=f"verdict {said.tone}",
    )  # fmt: skip


def _section(name: str, *content: Html) -> Html:
    return element("section", element("h2", SECTIONS[name]), *content, id=name)


def _every_figure(report: Report) -> Html:
    return element(
        "details",
        element("summary", "Every figure"),
        page_figures.every_figure(report),
        class_="more",
    )


def _footer(report: Report) -> Html:
    machine = report.machine
    versions = ", ".join(f"{name} {version}" for name, version in machine.libraries if version)
    kept = len(report.scores) - report.asked
    lines = [
        f"Golden set {report.golden} over {', '.join(report.notes)}.",
        f"{report.asked:,} asked, {kept:,} kept from before, in {report.seconds:.0f} s.",
        f"Python {machine.python} on {machine.system} {machine.processor}; {versions}.",
    ]
    return element("footer", *(element("p", line) for line in lines))


@cache
def _asset(name: str) -> Html:
    """A file of this package, its line ends as a browser reads them."""
    return Html((files("evals.reports") / name).read_text(encoding="utf-8"))


def _digest(name: str) -> str:
    """How a content security policy names the file."""
    return f"sha256-{b64encode(sha256(_asset(name).encode()).digest()).decode()}"
