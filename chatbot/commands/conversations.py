"""`footnote conversations`: what was asked and answered before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.arguments import UsageError
from chatbot.commands.call import Call
from chatbot.errors import NotDone
from chatbot.exit_codes import DONE
from chatbot.terminal import counted

if TYPE_CHECKING:
    from chatbot.answer import Answer
    from chatbot.user_data import Conversation, UserData
    from chatbot.whereabouts import Whereabouts

STDOUT = Path("-")


def conversations(call: Call) -> int:
    """List, show, rename, export, delete or bring back conversations."""
    kept, args = call.backend.user_data(call.settings), call.args
    if args.rename is not None:
        return _rename(call, kept)
    if args.words and (args.delete is not None or args.undo or args.show is not None):
        raise UsageError(
            f"{' '.join(args.words)!r} is looked for in all conversations, and one was named."
            " Give either"
        )
    if args.delete is not None:
        gone = kept.delete(args.delete)
        _say(call, f"Deleted conversation {gone.id}, “{gone.title}”.")
        call.terminal.notice("To bring it back: footnote conversations --undo")
        return DONE
    if args.undo:
        back = kept.undo_delete()
        _say(call, f"Conversation {back.id}, “{back.title}”, is back.")
        return DONE
    if args.show is not None:
        found: Sequence[Conversation] = [kept.get(args.show)]
    else:
        found = kept.conversations(" ".join(args.words))
    if args.export is not None:
        _export(call, kept, found)
    elif args.json:
        for one in found:
            call.terminal.json(one.to_json() if args.show is None else _whole(call, kept, one))
    elif args.show is not None:
        _show(call, kept, found[0])
    else:
        _list(call, found)
    return DONE


def _rename(call: Call, kept: UserData) -> int:
    number, title = call.args.rename, " ".join(call.args.words)
    if not title.strip():
        raise UsageError(
            f"Conversation {number} was given no title. Add one:"
            f" footnote conversations --rename {number} TITLE"
        )
    named = kept.rename(number, title)
    _say(call, f"Conversation {named.id} is called “{named.title}” now.")
    return DONE


def _say(call: Call, text: str) -> None:
    from chatbot.plain_text import neutral

    call.terminal.line(neutral(text))


def _list(call: Call, found: Sequence[Conversation]) -> None:
    if found:
        call.terminal.conversations(found)
    elif call.args.words:
        call.terminal.notice(f"No conversation holds {' '.join(call.args.words)!r}.")
    else:
        call.terminal.notice("No conversation is kept yet. Begin one: footnote chat")


def _show(call: Call, kept: UserData, conversation: Conversation) -> None:
    turns = [(turn.question, turn.answer) for turn in kept.turns(conversation.id)]
    found = since(call, conversation, [answer for _, answer in turns])
    call.terminal.conversations([conversation])
    call.terminal.line("")
    for (question, answer), became in zip(turns, found, strict=True):
        call.terminal.turn(question, answer, became)


def _whole(call: Call, kept: UserData, conversation: Conversation) -> dict[str, object]:
    """A conversation with its turns; where it was asked for, also what became of its places."""
    turns = kept.turns(conversation.id)
    told: list[dict[str, object]] = [turn.to_json() for turn in turns]
    if call.args.show is not None:
        found = since(call, conversation, [turn.answer for turn in turns])
        for turn, became in zip(told, found, strict=True):
            turn["citations_now"] = [place.to_json() for place in became]
    return {**conversation.to_json(), "turns": told}


def since(
    call: Call, conversation: Conversation, answers: Sequence[Answer]
) -> list[list[Whereabouts]]:
    """What became of what each answer cites; nothing where another notebook is looked at."""
    from chatbot.keeper import notebook_of

    if conversation.notebook != notebook_of(call.settings):
        return [[] for _ in answers]
    return call.backend.whereabouts(call.settings, answers)


def _export(call: Call, kept: UserData, found: Sequence[Conversation]) -> None:
    file: Path = call.args.export
    text = _in_json(call, kept, found) if _is_json(file) else _in_markdown(kept, found)
    if file == STDOUT:
        call.terminal.stdout.write(text)
        call.terminal.stdout.flush()
        return
    try:
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise NotDone(f"{file} is there already and is not overwritten. Name another") from None
    call.terminal.notice(f"{file} holds {counted(len(found), 'conversation')}.")


def _is_json(file: Path) -> bool:
    return file.suffix.casefold() == ".json"


def _in_json(call: Call, kept: UserData, found: Sequence[Conversation]) -> str:
    """One array, a conversation a line."""
    from chatbot.plain_text import to_json_line

    lines = (to_json_line(_whole(call, kept, one)) for one in found)
    return "[" + ",\n".join(lines) + "]\n"


def _in_markdown(kept: UserData, found: Sequence[Conversation]) -> str:
    from chatbot.user_data.markdown import conversation_in_markdown

    return "\n".join(conversation_in_markdown(one, kept.turns(one.id)) for one in found)
