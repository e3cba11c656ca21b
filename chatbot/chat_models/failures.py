"""What went wrong with a model, in one line that says what to do.

Every provider's library has exceptions of its own. They are told apart by what they have in
common: the HTTP status that they carry, the names of their classes, and a few words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urlsplit

from chatbot.chat_models.redaction import redacted

LONGEST_REASON = 200  # characters of somebody else's message

_TOO_LONG = re.compile(
    r"context[ _](?:length|window|size)|maximum context|available context|prompt is too long"
    r"|too many (?:input )?tokens|input is too long",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"insufficient_quota|credit balance|exceeded your current quota|billing")
_BAD_KEY = re.compile(r"(?:invalid|incorrect) api[ _]key|api key not valid", re.IGNORECASE)
_NOTHING = "No generation chunks were returned"  # LangChain's words
_NO_MODEL = re.compile(r"model\b.{0,80}\b(?:not found|does not exist|not exist)", re.IGNORECASE)

_CONNECTION = {
    *("ConnectError", "ConnectTimeout", "ConnectionRefusedError", "gaierror"),
    *("EndpointConnectionError", "ConnectTimeoutError", "ClientConnectorError", "ProxyError"),
}
_BROKEN = {
    *("RemoteProtocolError", "ReadError", "WriteError", "IncompleteRead", "ConnectionResetError"),
    *("BrokenPipeError", "ClientPayloadError", "ResponseStreamingError", "ConnectionClosedError"),
}
_TIMEOUT = {"TimeoutError", "TimeoutException", "APITimeoutError", "ReadTimeoutError"}
_KEY = {"NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"}
_GARBAGE = {
    *("JSONDecodeError", "UnicodeError", "DecodingError", "ValidationError", "LookupError"),
    *("APIResponseValidationError", "TypeError", "AttributeError", "ValueError"),
}


class Kind(Enum):
    """What went wrong."""

    KEY = auto()
    CREDIT = auto()
    MODEL = auto()
    LIMIT = auto()
    CONTEXT = auto()
    CONNECTION = auto()
    BROKEN = auto()
    TIMEOUT = auto()
    SERVER = auto()
    GARBAGE = auto()
    EMPTY = auto()
    OTHER = auto()


PASSING = {Kind.LIMIT, Kind.CONNECTION, Kind.BROKEN, Kind.TIMEOUT, Kind.SERVER}  # worth another try


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked: by the name that a reader knows, where, and with whose key."""

    label: str
    url: str = ""  # of a server of the user's own
    key: str = ""  # the variable that holds the key, or should
    has_key: bool = True


def nothing_answers(url: str) -> str:
    """The line on a server that is not there."""
    return f"Nothing answers at {url}. Is the server running?"


def kind_of(error: BaseException) -> Kind:
    """Tell what went wrong."""
    names, status = _names(error), status_of(error)
    text = (
        f"{error} {getattr(error, 'code', None) or ''}"  # OpenAI's own code: "insufficient_quota"
    )
    if "ContextOverflowError" in names or _TOO_LONG.search(text):
        return Kind.CONTEXT
    if (status in (402, 429) and _NO_CREDIT.search(text)) or "credit balance" in text:
        return Kind.CREDIT
    if status in (401, 403) or names & _KEY or (status == 400 and _BAD_KEY.search(text)):
        return Kind.KEY
    if status == 404 or (status in (400, 422) and _NO_MODEL.search(text)):
        return Kind.MODEL
    if status == 429:
        return Kind.LIMIT
    if status in (408, 504):
        return Kind.TIMEOUT
    if status is not None:
        return Kind.SERVER if status >= 500 else Kind.OTHER
    if "SSLError" in names:
        return Kind.OTHER
    if _NOTHING in text:
        return Kind.EMPTY
    for kind, those in (
        (Kind.CONNECTION, _CONNECTION),
        (Kind.BROKEN, _BROKEN),
        (Kind.TIMEOUT, _TIMEOUT),
        (Kind.CONNECTION, {"APIConnectionError", "ConnectionError"}),
        (Kind.GARBAGE, _GARBAGE),
    ):
        if names & those:
            return kind
    return Kind.OTHER


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that the error carries, if any."""
    for one in _chain(error):
        response = getattr(one, "response", None)
        candidates = [
            getattr(one, "status_code", None),
            getattr(response, "status_code", None),
            getattr(one, "code", None),
        ]
        if isinstance(response, dict):  # as Amazon's
            metadata = response.get("ResponseMetadata")
            candidates.append(metadata.get("HTTPStatusCode") if isinstance(metadata, dict) else 0)
        for status in candidates:
            if isinstance(status, int) and 400 <= status < 600:
                return status
    return None


def retry_after(error: BaseException) -> float | None:
    """Return the seconds after which the server wants to be asked again, where it says so."""
    for one in _chain(error):
        headers = getattr(getattr(one, "response", None), "headers", None)
        if headers is None:
            continue
        for name, unit in (("retry-after-ms", 1000), ("retry-after", 1)):
            try:
                seconds = float(headers.get(name, "")) / unit
            except (TypeError, ValueError):  # a date, too: the pauses of our own will do
                continue
            if math.isfinite(seconds) and seconds >= 0:
                return seconds
    return None


def refuses_temperature(error: BaseException) -> bool:
    """Whether the model would answer, were it not told how freely."""
    return status_of(error) in (400, 422) and "temperature" in str(error).lower()


def reason_of(error: BaseException, asked: Asked, environ: Mapping[str, str]) -> str:
    """Return what went wrong and what to do, in one line without keys and passwords."""
    kind = kind_of(error)
    who = asked.label
    if kind is Kind.KEY:
        return _key_reason(error, asked)
    if kind is Kind.MODEL:
        hint = ""
        if asked.url and asked.key and not urlsplit(asked.url).path:
            hint = f" Does the address lack its /v1, as in {asked.url}/v1?"
        return f"There is no model {who}, or not for this key. Correct FOOTNOTE_MODEL.{hint}"
    if kind is Kind.LIMIT:
        seconds = retry_after(error)
        when = "in a while" if seconds is None else f"in {math.ceil(seconds):,} seconds"
        return f"{who} was asked too much at once (rate limit). Try again {when}."
    if kind is Kind.CONNECTION:
        if asked.url:
            return nothing_answers(asked.url)
        return f"{who} cannot be reached. Is this machine on the network?"
    if kind in _LINES:
        return f"{who} {_LINES[kind]}"
    return f"{who} failed: {_outside_words(error, environ)}"


EMPTY = "gave an empty answer. Ask again, or try another model."
_LINES = {
    Kind.EMPTY: EMPTY,
    Kind.CREDIT: "says that the account has no credit left. Look at your plan there.",
    Kind.CONTEXT: "was handed more than it can read. Set FOOTNOTE_MODEL_CONTEXT lower.",
    Kind.BROKEN: "broke off: the connection was closed. Ask again.",
    Kind.TIMEOUT: "did not answer in time. Ask again, or set FOOTNOTE_MODEL_TIMEOUT higher.",
    Kind.SERVER: "has trouble of its own (a server error). Ask again later.",
    Kind.GARBAGE: "answered with something that is no chat model's answer. Is it the right server?",
}


def _key_reason(error: BaseException, asked: Asked) -> str:
    status = status_of(error)
    code = f" (HTTP {status})" if status else ""
    if not asked.key:
        return f"{asked.label} refused the credentials{code}. Correct them."
    if not asked.has_key:
        return f"{asked.label} wants a key{code}. Set {asked.key}."
    return f"{asked.label} refused the key in {asked.key}{code}. Correct it."


def _outside_words(error: BaseException, environ: Mapping[str, str]) -> str:
    # Redacted before it is cut: half a key is a key, too.
    words = " ".join(redacted(str(error), environ).split())
    line = f"{type(error).__name__}: {words}" if words else type(error).__name__
    shown = "".join(character for character in line if character.isprintable())
    return shown if len(shown) <= LONGEST_REASON else f"{shown[: LONGEST_REASON - 1]}…"


def _names(error: BaseException) -> set[str]:
    return {cls.__name__ for one in _chain(error) for cls in type(one).__mro__}


def _chain(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    for _ in range(8):  # far enough, and no circle
        if one is None:
            return
        yield one
        one = one.__cause__ or one.__context__
