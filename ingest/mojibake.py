"""Repairing text that was decoded with the wrong encoding on its way into the notes.

For matching and display only: offsets and quotes always refer to the note as it is.
"""

from __future__ import annotations

import ftfy
from ftfy import TextFixerConfig

# Only the encoding is repaired. Everything else that ftfy can do would fold characters that
# are right as they stand (full-width forms, ligatures, entities in code, control characters).
_ENCODING_ONLY = TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
    explain=False,
)

# A repaired quotation mark comes back straight, as people type it in a question.
_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})


def repair(text: str) -> str:
    """`text` with mis-decoded runs such as 'â€™' put right; all else as it was.

    Text without such a run, ASCII above all, comes back as the very same object.
    """
    if text.isascii():
        return text
    lines = text.split("\n")
    repaired = [line if line.isascii() else _repair_line(line) for line in lines]
    return text if repaired == lines else "\n".join(repaired)


def _repair_line(line: str) -> str:
    fixed = ftfy.fix_text(line, _ENCODING_ONLY)
    return line if fixed == line else fixed.translate(_STRAIGHT)
