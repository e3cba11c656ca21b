"""Chat models: given messages, one streams text, or fails with one clear line.

The one home of LangChain's `init_chat_model`. `choice` says which model the settings name,
`opening` makes it ready, `chat_model` asks it. Nothing of LangChain is imported before a model
is opened.
"""

from chatbot.chat_models.chat_model import LONGEST_REPLY, ChatModel, Patience
from chatbot.chat_models.choice import ModelChoice, choose_model
from chatbot.chat_models.messages import Message
from chatbot.chat_models.opening import open_chat_model

__all__ = [
    "LONGEST_REPLY",
    "ChatModel",
    "Message",
    "ModelChoice",
    "Patience",
    "choose_model",
    "open_chat_model",
]
