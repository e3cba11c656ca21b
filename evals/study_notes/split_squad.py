"""Near misses by the hundred, out of a SQuAD-format file.

Run it as `python -m evals.study_notes.split_squad SQUAD.json OUT`.

Writes every second paragraph of each article as notes (OUT/notes/<article>.md), and all
questions as a set (OUT/questions.yaml). A question whose paragraph was left out is a near
miss: the notes are about its subject and do not hold its answer.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Container, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import yaml


def split(
    articles: Sequence[dict[str, Any]], keep_every: int = 2
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Notes by file name, and the questions as `questions.StudyQuestion` reads them.

    One paragraph in `keep_every` becomes a note; with 1 all do, and nothing is a near miss.
    """
    notes: dict[str, str] = {}
    questions: list[dict[str, Any]] = []
    for article in articles:
        title = str(article.get("title") or article["paragraphs"][0]["context"][:40])
        title = title.replace("_", " ")
        name = _file_name(title, notes)
        kept = [f"# {title}"]
        for number, paragraph in enumerate(article["paragraphs"]):
            is_kept_paragraph = number % keep_every == 0
            if is_kept_paragraph:
                kept += [f"## {title}, part {number + 1}", paragraph["context"].strip()]
            for asked in paragraph["qas"]:
                # SQuAD 2.0 holds questions that their own paragraph does not answer.
                is_kept = is_kept_paragraph and bool(asked["answers"])
                item = {
                    "id": str(asked["id"]),
                    "question": asked["question"],
                    "kind": "fact" if is_kept else "near_miss",
                    "answerable": is_kept,
                }
                if is_kept:
                    item["sections"] = [f"{title}, part {number + 1}"]
                    item["key_facts"] = [sorted({answer["text"] for answer in asked["answers"]})]
                else:
                    item["near"] = title
                questions.append(item)
        notes[name] = "\n\n".join(kept) + "\n"
    return notes, questions


def _file_name(title: str, taken: Container[str]) -> str:
    stem = re.sub(r"\W+", "-", title.casefold()).strip("-") or "article"
    names = (f"{stem}{ending}.md" for ending in chain([""], (f"-{n}" for n in count(2))))
    return next(name for name in names if name not in taken)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the notes and the questions; 0 when done, 2 for wrong arguments."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    source, out = Path(given[0]), Path(given[1])
    notes, questions = split(json.loads(source.read_text(encoding="utf-8"))["data"])
    (out / "notes").mkdir(parents=True, exist_ok=True)
    for name, text in notes.items():
        (out / "notes" / name).write_text(text, encoding="utf-8")
    (out / "questions.yaml").write_text(
        yaml.safe_dump(questions, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    print(f"{len(notes)} notes, {len(questions)} questions in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
