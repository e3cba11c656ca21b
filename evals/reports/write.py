"""Writes a report in every form that somebody reads."""

from __future__ import annotations

import json
from pathlib import Path

from evals.reports.junit import junit
from evals.reports.markdown import markdown
from evals.reports.page import page
from evals.reports.report import Report, case_json


def write_reports(report: Report, folder: Path) -> None:
    """Write results.jsonl, report.json, report.md, junit.xml and index.html into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    own = report.own_by_case
    cases = (case_json(score, own.get(score.case.id)) for score in report.scores)
    lines = (json.dumps(case, ensure_ascii=False) for case in cases)
    texts = {
        "results.jsonl": "".join(f"{line}\n" for line in lines),
        "report.json": json.dumps(report.to_json(), ensure_ascii=False, indent=1) + "\n",
        "report.md": markdown(report),
        "junit.xml": junit(report),
        "index.html": page(report),
    }
    for name, text in texts.items():
        # A lone surrogate, which a file in a wrong encoding can hold, must not lose the report.
        (folder / name).write_text(text, encoding="utf-8", errors="backslashreplace")
