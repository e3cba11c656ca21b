"""Keys and passwords are taken out of whatever is shown of an outside error."""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "[hidden]"
LEAST_SECRET = 6  # characters: what is shorter stands in ordinary words

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_AUTHORIZATION = re.compile(
    r"""((?:proxy-)?authorization|(?:x-)?(?:goog-)?api[-_ ]?key|x-amz-security-token)
        (["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|token)\s+)?[^\s"',;}\]]+""",
    re.IGNORECASE | re.VERBOSE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_KEY_LIKE = re.compile(
    # as OpenAI's and Anthropic's, also starred out; Google's; Amazon's; Hugging Face's
    r"\b(?:sk|pk|rk)-[\w*.-]{4,}|\bAIza[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bhf_\w{10,}"
)
_USERINFO = re.compile(r"(://)[^/\s@]+@")
_QUERY = re.compile(r"([?&](?:key|token|api_?key|access_token|signature)=)[^&\s]+", re.IGNORECASE)


def redacted(text: str, environ: Mapping[str, str]) -> str:
    """Return the text without the secrets of the environment, or what looks like one."""
    secrets = {value.strip() for name, value in environ.items() if _SECRET_NAME.search(name)}
    for secret in sorted(secrets, key=len, reverse=True):  # one may begin with another
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, HIDDEN)
    text = _AUTHORIZATION.sub(rf"\1\2{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _KEY_LIKE.sub(HIDDEN, text)
    text = _USERINFO.sub(rf"\1{HIDDEN}@", text)
    return _QUERY.sub(rf"\1{HIDDEN}", text)
