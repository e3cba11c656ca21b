"""A conversation at the terminal: one question after another, each kept unless that is unwanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatbot.answer import Answer, Question
from chatbot.errors import QUESTION_LIMIT, ChatError, QuestionTooLong
from chatbot.plain_text import Line
from chatbot.remembered import NOTHING_SAID, Remembered
from chatbot.terminal import Terminal

HELP = """\
Ask about your notes. A question may refer to the one before it.
  /new      forget what was said so far and begin another conversation
  /private  keep nothing of what follows
  /help     this page
  /quit     leave (so do Ctrl-D and Ctrl-C)"""


class Keeper(Protocol):
    """What keeps a conversation; `chatbot.keeper.ConversationKeeper` is one."""

    def keep(self, answer: Answer) -> None:
        """Keep a turn: it is on the disk when this returns.

        Raises:
            ChatError: it could not be kept.
        """
        ...

    def begin_another(self) -> None:
        """Put what follows into another conversation."""
        ...


def converse(
    answer: Callable[[Question], Answer],
    terminal: Terminal,
    *,
    keeper: Keeper | None = None,
    remembered: Remembered = NOTHING_SAID,
) -> None:
    """Answer one question after another until the person leaves.

    A question that cannot be answered costs one line, not the conversation; Ctrl-C stops an
    answer, and at the prompt it leaves. Without a keeper nothing is kept; an answer that cannot
    be kept is shown all the same.
    """
    terminal.notice("Ask about your notes; /help says more.")
    while (typed := _typed(terminal)) is not None:
        text = typed.text.strip()
        if text in ("/quit", "/exit"):
            return
        if text == "/new":
            remembered = NOTHING_SAID
            if keeper is not None:
                keeper.begin_another()
            terminal.notice("Forgotten. Ask something new.")
        elif text == "/private":
            keeper = None
            terminal.notice("Nothing that follows is kept.")
        elif text.startswith("/") and text[1:].isalpha():
            terminal.notice(HELP if text == "/help" else f"No command {text}; /help lists them.")
        elif text:
            remembered = _one_turn(answer, typed, remembered, terminal, keeper)


def _typed(terminal: Terminal) -> Line | None:
    try:
        return terminal.prompt()
    except KeyboardInterrupt:
        terminal.line("")
        return None


def _one_turn(
    answer: Callable[[Question], Answer],
    typed: Line,
    remembered: Remembered,
    terminal: Terminal,
    keeper: Keeper | None,
) -> Remembered:
    """Answer one question; what is remembered after it."""
    try:
        if typed.length > QUESTION_LIMIT:
            raise QuestionTooLong(typed.length)
        found = answer(remembered.asked(typed.text.strip()))
        problem = _kept(found, keeper)  # before it is shown: what was seen was kept
    except KeyboardInterrupt:
        terminal.notice("Stopped.")
        return remembered
    except ChatError as error:
        terminal.error(str(error))
        return remembered
    terminal.answer(found)
    if problem:
        terminal.notice(f"Not kept: {problem}", "yellow")
    terminal.line("")
    return remembered.with_answer(found)


def _kept(found: Answer, keeper: Keeper | None) -> str:
    """Keep the answer; what was in the way, if anything was."""
    if keeper is not None:
        try:
            keeper.keep(found)
        except ChatError as error:
            return str(error)
    return ""
