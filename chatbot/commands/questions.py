"""`footnote ask` and `search`: questions in, answers out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from chatbot.answer import Answer, Question
from chatbot.arguments import NEW_CONVERSATION
from chatbot.backend import Chain
from chatbot.commands.call import Call
from chatbot.errors import (
    QUESTION_LIMIT,
    BadQuestion,
    EmptyQuestion,
    QuestionTooLong,
    UserDataError,
    check_question,
)
from chatbot.events import Done
from chatbot.exit_codes import COULD_NOT_RUN, DONE
from chatbot.keeper import ConversationKeeper, conversation_to_go_on_with, notebook_of
from chatbot.notices import Notices
from chatbot.plain_text import Line, read_lines
from chatbot.remembered import NOTHING_SAID, Remembered

if TYPE_CHECKING:
    from ingest.index import Store

FROM_STDIN = "-"
GOES_ON = "footnote ask … --conversation"  # and its number


def ask(call: Call) -> int:
    """Answer one question, or one a line; in a conversation, where one is named."""
    if call.args.conversation is not None:
        return ask_in_conversation(call)

    def reply(chain: Chain, question: Question) -> None:
        answer = answered(call, chain, question)
        _show(call, answer, answer.to_json())

    return _each_question(call, reply)


def ask_in_conversation(call: Call) -> int:
    """Answer one question, or one a line, in the light of a conversation, and keep each there.

    An answer is kept before it is shown. One that cannot be kept is shown all the same, and the
    exit code says that not all was done.

    Raises:
        NoSuchConversation: there is none of that number, or it is about another notebook.
        UserDataError: what was said so far cannot be read.
    """
    args, terminal = call.args, call.terminal
    keeper, remembered = _conversation(call)
    all_kept = True

    def reply(chain: Chain, question: Question) -> None:
        nonlocal remembered, all_kept
        answer = answered(call, chain, remembered.asked(question.text))
        remembered = remembered.with_answer(answer)
        before, problem = keeper.conversation, ""
        try:
            keeper.keep(answer)
        except UserDataError as error:
            all_kept, problem = False, str(error)
        now = keeper.conversation if not problem else None
        _show(call, answer, {**answer.to_json(), "conversation": now.id if now else None})
        if problem:
            terminal.notice(f"Not kept: {problem}", "yellow")
        elif now is not None and not args.json and (before is None or before.id != now.id):
            terminal.notice(f"Kept in conversation {now.id}. To go on: {GOES_ON} {now.id}")

    result = _each_question(call, reply)
    return result if all_kept else COULD_NOT_RUN


def _conversation(call: Call) -> tuple[ConversationKeeper, Remembered]:
    """What keeps the conversation that was named, and what was said in it."""
    kept, notebook = call.backend.user_data(call.settings), notebook_of(call.settings)
    number = call.args.conversation
    if number == NEW_CONVERSATION:
        return ConversationKeeper(kept, notebook), NOTHING_SAID
    conversation = conversation_to_go_on_with(kept, notebook, number, GOES_ON)
    said = Remembered.of(turn.answer for turn in kept.turns(number))
    return ConversationKeeper(kept, notebook, conversation), said


def answered(call: Call, chain: Chain, question: Question) -> Answer:
    """The answer; while a model words it, what it writes is shown where that can be taken back."""
    if not (call.settings.model or call.settings.model_url):
        return chain.invoke(question)
    with call.terminal.live() as live, closing(chain.follow(question)) as events:
        for event in events:
            live.show(event)
            if isinstance(event, Done):
                return event.answer
    raise AssertionError("every stream of events ends with the answer")


def _show(call: Call, answer: Answer, told: dict[str, object]) -> None:
    """Show an answer as it is wanted: as JSON what is `told` of it."""
    if call.args.json:
        call.terminal.json(told)
    elif call.args.question == FROM_STDIN:
        call.terminal.answer_line(answer)
        if answer.notice:
            call.terminal.notice(answer.notice, "yellow")
    else:
        call.terminal.answer(answer)


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
