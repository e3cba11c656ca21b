"""The prompt: a versioned file, filled with passages, question and what was said before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from string import Template

from chatbot.answer import MARKER, Passage, Question, Turn
from chatbot.chat_models.messages import Message
from chatbot.grounding.preamble import Characters
from ingest.block_words import HEADING_SEPARATOR, LONGEST_HEADING

FILE = "prompt.md"
_PART = re.compile(r"^=== (\w+) ===\n", re.MULTILINE)
HISTORY_SHARE = 0.25  # of the budget, at the most, goes to what was said before
LONGEST_TURN = 1_200  # characters of an earlier answer that are repeated
LEAST_SHOWN = 200  # characters of the best passage, however little room there is

CountTokens = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """The texts that a model is given, with `$fence`, `$passages` and `$question` to be filled."""

    version: int
    digest: str  # SHA-256 of the file, its first 12 hexadecimal digits
    system: str
    question: str


@lru_cache(maxsize=1)
def packaged_prompt() -> Prompt:
    """The prompt that comes with this package."""
    return read_prompt(prompt_text())


def prompt_text() -> str:
    """The file of the prompt as it is."""
    return resources.files("chatbot.generation").joinpath(FILE).read_text("utf-8")


def read_prompt(text: str) -> Prompt:
    """Read the file of a prompt.

    Raises:
        ValueError: a part is missing, or its first line is not `version: N`.
    """
    head, *parts = _PART.split(text)
    found = dict(zip(parts[::2], parts[1::2], strict=True))
    named = re.fullmatch(r"version: (\d+)\s*", head)
    if named is None or not {"system", "question"} <= found.keys():
        raise ValueError("a prompt has a line 'version: N' and the parts 'system' and 'question'")
    return Prompt(
        version=int(named[1]),
        digest=hashlib.sha256(text.encode()).hexdigest()[:12],
        system=found["system"].strip(),
        question=found["question"].strip(),
    )


def messages_for(
    question: Question,
    passages: Sequence[Passage],
    *,
    budget: int,
    count_tokens: CountTokens,
    prompt: Prompt | None = None,
) -> tuple[tuple[Message, ...], int]:
    """The messages for a model, and how many of the passages they hold, best first.

    They have at most about `budget` tokens, as `count_tokens` counts them; at least one passage
    is held, cut if need be. Earlier turns are left out from the oldest on. Nothing that a
    passage says can end the stretch that the passages stand in: the line at its ends is made
    from all of it.
    """
    prompt = prompt or packaged_prompt()
    asked = visible(question.text).strip()
    shown = [_shown(number, passage) for number, passage in enumerate(passages, start=1)]
    fixed_cost, *costs = count_tokens([_unfilled(prompt, asked), *shown])
    left = max(0, budget - fixed_cost)
    history = _fitting_history(question.history, int(left * HISTORY_SHARE), count_tokens)
    left -= sum(count_tokens([turn.question + turn.answer for turn in history])) if history else 0
    held = 0
    for cost in costs:
        if cost > left:
            break
        left -= cost
        held += 1
    if not held and shown:  # better a piece of the best passage than none
        shown[0] = _cut_to(left, shown[0], count_tokens)
        held = 1
    # What was said before is in the notes' own words, too: material, not a voice of its own.
    said = [f"Asked before: {turn.question}\nAnswered: {turn.answer}" for turn in history]
    body = "\n\n".join([*said, *shown[:held]])
    fill = {"fence": _fence(body, asked), "passages": body, "question": asked}
    return (
        Message("system", Template(prompt.system).substitute(fill)),
        Message("user", Template(prompt.question).substitute(fill)),
    ), held


def visible(text: str) -> str:
    """What a reader sees of a text: no controls, nothing that takes no room or turns the writing.

    Instructions are hidden from people in such characters, and models read them.
    """
    return "\n".join(Characters().feed(line) for line in text.splitlines())


def title_of(passage: Passage) -> str:
    """The line above a passage, without its number; small models say it after."""
    titles = [" ".join(title.split())[:LONGEST_HEADING] for title in passage.heading]
    return visible(f"{HEADING_SEPARATOR.join(titles)} ({' '.join(passage.source.split())})")


def _shown(number: int, passage: Passage) -> str:
    # Never its `text`: that holds comments, which nobody sees who reads the note.
    return f"[{number}] {title_of(passage)}\n{visible(passage.words)}".rstrip()


def _unfilled(prompt: Prompt, asked: str) -> str:
    """All of the messages but passages and history, to count what room it takes."""
    fill = {"fence": _fence(""), "passages": "", "question": asked}
    return "\n".join(Template(part).substitute(fill) for part in (prompt.system, prompt.question))


def _cut_to(budget: int, text: str, count_tokens: CountTokens) -> str:
    """The beginning of a text that has so many tokens, and `LEAST_SHOWN` characters at least."""
    while len(text) > LEAST_SHOWN and (cost := count_tokens([text])[0]) > budget:
        text = text[: max(LEAST_SHOWN, min(len(text) - 1, len(text) * budget // cost))]
    return text


def _fence(*texts: str) -> str:
    """A line that none of the texts holds: whoever wrote them would have to know its hash."""
    digest = hashlib.sha256(chr(0).join(texts).encode("utf-8", "replace")).hexdigest()
    return f"-----{digest[:16]}-----"


def _fitting_history(
    turns: Sequence[Turn], budget: int, count_tokens: CountTokens
) -> tuple[Turn, ...]:
    """The newest turns that fit, oldest first, without markers: those count other passages."""
    kept: list[Turn] = []
    for turn in reversed(turns):
        lines = MARKER.sub("", visible(turn.answer)).split("\n")
        answer = "\n".join(line.rstrip() for line in lines)[:LONGEST_TURN].strip()
        bare = Turn(visible(turn.question).strip(), answer)
        cost = sum(count_tokens([bare.question, bare.answer]))
        if cost > budget:
            break
        budget -= cost
        kept.append(bare)
    return tuple(reversed(kept))
