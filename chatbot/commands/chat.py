"""`footnote chat`: a conversation, kept unless that is unwanted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chatbot.commands.call import Call
from chatbot.commands.conversations import since
from chatbot.commands.questions import answered, opened
from chatbot.dialogue import converse
from chatbot.errors import UserDataError
from chatbot.exit_codes import DONE
from chatbot.keeper import ConversationKeeper, conversation_to_go_on_with, notebook_of
from chatbot.remembered import Remembered
from chatbot.terminal import counted

if TYPE_CHECKING:
    from chatbot.user_data import Conversation, KeptTurn, UserData


def chat(call: Call) -> int:
    """Answer one question after another, each in the light of those before."""
    kept, notebook = call.backend.user_data(call.settings), notebook_of(call.settings)
    conversation: Conversation | None = None
    turns: tuple[KeptTurn, ...] = ()
    if call.args.continued is not None:
        conversation = conversation_to_go_on_with(kept, notebook, call.args.continued)
        turns = kept.turns(conversation.id)
    remembered = Remembered.of(turn.answer for turn in turns)
    with opened(call, "chroma") as chain:
        keeper = None if call.args.private else _keeper(call, kept, notebook, conversation)
        if conversation is not None:
            _show_where_it_stands(call, conversation, turns)
        reply = partial(answered, call, chain)
        converse(reply, call.terminal, keeper=keeper, remembered=remembered)
    return DONE


def _keeper(
    call: Call, kept: UserData, notebook: str, conversation: Conversation | None
) -> ConversationKeeper | None:
    """What keeps the conversation; answers come also where nothing can be kept."""
    try:
        kept.check()
    except UserDataError as error:
        call.terminal.notice(f"Not kept: {error}", "yellow")
        return None
    call.terminal.notice(
        f"What is said is kept in {kept.path}; after /private, or with --private, nothing is."
    )
    return ConversationKeeper(kept, notebook, conversation)


def _show_where_it_stands(
    call: Call, conversation: Conversation, turns: tuple[KeptTurn, ...]
) -> None:
    call.terminal.notice(
        f"Going on with conversation {conversation.id}, “{conversation.title}”:"
        f" {counted(len(turns), 'turn')} so far, the last was"
    )
    for turn in turns[-1:]:
        (became,) = since(call, conversation, [turn.answer])
        call.terminal.turn(turn.question, turn.answer, became)
