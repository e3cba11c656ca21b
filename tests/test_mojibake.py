"""Mis-decoded text is put right for matching; everything else is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.mojibake import repair


@pytest.mark.parametrize(
    ("broken", "repaired"),
    [
        ("Happy HealthCareâ€™s team", "Happy HealthCare's team"),
        ("â€œquotedâ€\u009d", '"quoted"'),
        ("cafÃ© au lait", "café au lait"),
        ("5 Â°C", "5 °C"),
    ],
)
def test_repairs_text_that_was_decoded_wrongly(broken: str, repaired: str) -> None:
    assert repair(broken) == repaired


@pytest.mark.parametrize(
    "text",
    [
        "plain ASCII &amp; an entity",
        "&eacute; stays an entity – even here",
        "ﬁne ligature",
        "ＦＵＬＬ ｗｉｄｔｈ",
        "it’s “right” already",
        "naïve café, 日本語, 🚀",
        "decomposed e\u0301",
        "two\r\nkinds\u2028of\rnewline é",
    ],
)
def test_leaves_text_that_is_right_as_it_is(text: str) -> None:
    assert repair(text) is text


def test_repairs_only_the_line_that_is_broken() -> None:
    assert repair("it’s fine\nitâ€™s not") == "it’s fine\nit's not"


@given(st.text())
def test_any_text_can_be_repaired_and_ascii_never_changes(text: str) -> None:
    assert isinstance(repair(text), str)
    ascii_only = text.encode("ascii", "ignore").decode()
    assert repair(ascii_only) is ascii_only
