"""What can keep an evaluation from being made.

EvalError
├── GoldenInvalid      the golden set cannot be used: exit code 3
└── HarnessFailed      the notes, the index, a baseline or a report cannot be: exit code 4
"""

from __future__ import annotations

from collections.abc import Sequence


class EvalError(Exception):
    """An evaluation could not be made; `problems` has one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[EvalError], tuple[tuple[str, ...]]]:
        return type(self), (self.problems,)  # from a child process, whole


class GoldenInvalid(EvalError):
    """The golden set is malformed, or no longer fits the notes."""


class HarnessFailed(EvalError):
    """Something else than the answers went wrong."""
