"""`footnote ask` and `search`: questions in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from chatbot.answer import Question
from chatbot.backend import Chain
from chatbot.commands.call import Call
from chatbot.errors import (
    QUESTION_LIMIT,
    BadQuestion,
    EmptyQuestion,
    QuestionTooLong,
    check_question,
)
from chatbot.exit_codes import COULD_NOT_RUN, DONE
from chatbot.notices import Notices
from chatbot.plain_text import Line, read_lines

if TYPE_CHECKING:
    from ingest.index import Store

FROM_STDIN = "-"


def ask(call: Call) -> int:
    """Answer one question, or one a line."""
    args, terminal = call.args, call.terminal

    def reply(chain: Chain, question: Question) -> None:
        answer = chain.invoke(question)
        if args.json:
            terminal.json(answer.to_json())
        elif args.question == FROM_STDIN:
            terminal.answer_line(answer)
        else:
            terminal.answer(answer)

    return _each_question(call, reply)


def search(call: Call) -> int:
    """Show the passages nearest to one question, or to one a line."""
    args, terminal = call.args, call.terminal

    def reply(chain: Chain, question: Question) -> None:
        passages = chain.search(question, limit=args.limit)
        if args.json:
            found = [passage.to_json() for passage in passages]
            terminal.json({"question": question.text, "passages": found})
        elif args.question == FROM_STDIN:
            terminal.passages_line(passages)
        else:
            terminal.passages(passages)

    return _each_question(call, reply)


def _each_question(call: Call, reply: Callable[[Chain, Question], None]) -> int:
    given, terminal = call.args.question, call.terminal
    if given != FROM_STDIN:
        check_question(given)
        # The same answer, without the time that Chroma takes to start.
        with opened(call, "exact") as chain:
            reply(chain, Question(given))
        return DONE
    asked, result = 0, DONE
    with opened(call, "chroma") as chain:
        for line in read_lines(terminal.stdin, QUESTION_LIMIT):
            if not line.text.strip() and line.length <= QUESTION_LIMIT:
                terminal.notice(f"Line {line.number} is empty and was skipped.")
                continue
            asked += 1
            try:
                reply(chain, _question(line))
            except BadQuestion as error:  # this line is lost, the others are not
                terminal.error(f"Line {line.number}: {error}")
                result = COULD_NOT_RUN
    if not asked:
        raise EmptyQuestion
    return result


def _question(line: Line) -> Question:
    if line.length > QUESTION_LIMIT:
        raise QuestionTooLong(line.length)
    check_question(line.text)
    return Question(line.text)


@contextmanager
def opened(call: Call, store: Store) -> Iterator[Chain]:
    """A chain, closed at the end; each of its notices is told once, when it is known."""
    notices = Notices(call.terminal)
    with (
        notices.from_loggers(),
        closing(call.backend.open_chain(call.settings, store)) as chain,
    ):
        notices.say(*chain.notices)
        yield chain
        notices.say(*chain.notices)
