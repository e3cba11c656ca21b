"""What can go wrong between a question and its answer.

    ChatError
    ├── BadQuestion
    │   ├── EmptyQuestion     nothing was asked
    │   └── QuestionTooLong   more was asked than a question can hold
    ├── BadSetting            an environment variable or option holds an unusable value
    ├── UserDataError
    │   ├── UserDataBusy      another process is writing the user's data
    │   ├── UserDataDamaged   the file holds something else than it should
    │   ├── UserDataNewer     the file was written by a newer Footnote
    │   └── UserDataUnwritable   no room, no permission, no folder
    ├── NoSuchConversation    there is none of that number, or none yet
    ├── ModelUnavailable      no model can be asked as things are set up
    ├── ModelFailed           a model was asked, and gave no whole answer
    ├── BadBackup             the file cannot be restored; nothing of it was
    └── NotDone               a file is in the way, or a question was not answered with yes

Every message says what happened, with its values, and what to do next, in one line.
"""

from __future__ import annotations

QUESTION_LIMIT = 4_000  # characters


class ChatError(Exception):
    """Base of every error that `chatbot` raises for a reason a user can act on."""


class BadQuestion(ChatError):
    """The question cannot be answered as it stands; another one can."""


class EmptyQuestion(BadQuestion):
    """The question holds no visible character."""

    def __init__(self) -> None:
        super().__init__("The question is empty. Ask something about your notes.")


class QuestionTooLong(BadQuestion):
    """The question is longer than the limit.

    Attributes:
        length: characters in the question.
        limit: characters allowed.
    """

    def __init__(self, length: int, limit: int = QUESTION_LIMIT) -> None:
        self.length = length
        self.limit = limit
        super().__init__(
            f"The question has {length:,} characters; {limit:,} is the most. "
            "Ask for one thing at a time."
        )

    def __reduce__(self) -> tuple[type[QuestionTooLong], tuple[int, int]]:
        return type(self), (self.length, self.limit)


class BadSetting(ChatError):
    """An environment variable or option holds a value that cannot be used."""


class UserDataError(ChatError):
    """The user's own data cannot be read or written."""


class UserDataBusy(UserDataError):
    """Another process did not finish writing in time."""


class UserDataDamaged(UserDataError):
    """The file is not what this program wrote; it is left as it is."""


class UserDataNewer(UserDataError):
    """The file's schema is newer than this program; it is left as it is."""


class UserDataUnwritable(UserDataError):
    """The operating system refuses to write, or to read."""


class NoSuchConversation(ChatError):
    """No conversation is kept under that number, or none at all."""


class ModelUnavailable(ChatError):
    """No model can be asked: a package, a key or a server is missing."""


class ModelFailed(ChatError):
    """The model gave no answer, or not all of one.

    Attributes:
        reason: what went wrong, in one line that holds no key or password.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class BadBackup(ChatError):
    """The file is no backup that can be restored."""


class NotDone(ChatError):
    """What was asked for would overwrite something, or was not confirmed."""


def check_question(text: str) -> None:
    """Refuse a question that holds nothing or too much.

    Raises:
        EmptyQuestion: no visible character.
        QuestionTooLong: more than `QUESTION_LIMIT` characters.
    """
    if len(text) > QUESTION_LIMIT:
        raise QuestionTooLong(len(text))
    if not text.strip():
        raise EmptyQuestion
