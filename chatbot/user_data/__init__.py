"""The user's own data: conversations and feedback, in one SQLite file beside the indexes.

No ingest reads or writes it, no rebuild and no `make clean` drops it. `schema` holds its
versions, `database` opens it and brings it up to date, `store` reads and writes it, `backup`
and `restore` carry it from one machine to another.
"""

from chatbot.user_data.records import Conversation, KeptTurn
from chatbot.user_data.store import UserData

__all__ = ["Conversation", "KeptTurn", "UserData"]
