"""Which models an OpenAI-compatible server has."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from urllib.parse import urlsplit

from chatbot.chat_models.failures import nothing_answers
from chatbot.errors import ModelUnavailable
from ingest.chroma.place import LOOPBACK

KEY = "FOOTNOTE_MODEL_KEY"  # of the server at FOOTNOTE_MODEL_URL
GREETING = 3.0  # seconds in which it must have answered
LONGEST_LIST = 1_000_000  # bytes
SHOWN = 8  # names


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow none: the key would go along."""


def list_models(url: str, environ: Mapping[str, str], within: float = GREETING) -> tuple[str, ...]:
    """Return the names of the models that the server lists.

    Raises:
        ModelUnavailable: it does not answer in `within` seconds, or with something else.
    """
    request = urllib.request.Request(f"{url}/models", headers={"Accept": "application/json"})
    if key := environ.get(KEY):
        request.add_header("Authorization", f"Bearer {key}")
    here = urlsplit(url).hostname in LOOPBACK
    no_proxy = [urllib.request.ProxyHandler({})] if here else []
    opener = urllib.request.build_opener(_NoRedirect, *no_proxy)
    body, until = b"", time.monotonic() + within
    try:
        with opener.open(request, timeout=within) as response:
            while piece := response.read1(65_536):
                body += piece
                if len(body) > LONGEST_LIST or time.monotonic() > until:
                    break
            else:
                return _names(body)
    except urllib.error.HTTPError as error:
        error.close()
        raise ModelUnavailable(_refusal(url, error.code)) from None
    except (OSError, HTTPException):
        raise ModelUnavailable(nothing_answers(url)) from None
    except ValueError:
        pass
    raise ModelUnavailable(
        f"What answers at {url}/models lists no models. Is that the address of an"
        " OpenAI-compatible server?"
    )


def only_model(url: str, environ: Mapping[str, str]) -> str:
    """Return the name of the one model that the server has.

    Raises:
        ModelUnavailable: it does not answer, or has none or several.
    """
    names = list_models(url, environ)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ModelUnavailable(f"The server at {url} has no model. Have it load one.")
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    raise ModelUnavailable(
        f"The server at {url} has {', '.join(names[:SHOWN])}{more}. Set FOOTNOTE_MODEL to one."
    )


def _names(body: bytes) -> tuple[str, ...]:
    listed = json.loads(body)
    if not isinstance(listed, dict) or not isinstance(listed.get("data"), list):
        raise ValueError("no list of models")
    names = [one.get("id") for one in listed["data"] if isinstance(one, dict)]
    return tuple(
        name for name in names if isinstance(name, str) and name.isprintable() and len(name) <= 200
    )


def _refusal(url: str, status: int) -> str:
    if status in (401, 403):
        return f"The server at {url} wants a key, or another one. Set {KEY}."
    if status == 404 and not urlsplit(url).path:
        return f"The server at {url} has no list of models there. Try {url}/v1."
    return f"The server at {url} does not list its models (HTTP {status}). Set FOOTNOTE_MODEL."
