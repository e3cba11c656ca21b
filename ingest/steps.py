"""The steps of an ingest: how far it has come, and how long each took."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, TypeAlias, get_args

from ingest.embedding import Preparation

OwnStep: TypeAlias = Literal["read", "split", "chunk", "embed", "store", "verify", "flip"]
StepName: TypeAlias = Literal[OwnStep, Preparation]
OWN_STEPS: tuple[OwnStep, ...] = get_args(OwnStep)
# What an embedder does to be of use is taken in between: on its first ingest, if at all.
STEPS: tuple[StepName, ...] = (*OWN_STEPS, *get_args(Preparation))


@dataclass(frozen=True, slots=True)
class Step:
    """How far an ingest has come: `done` of `total` (notes, sections, chunks) in a step.

    A preparation of the embedder is one thing, not counted: 0 of 0.
    """

    name: StepName
    done: int
    total: int


OnStep: TypeAlias = Callable[[Step], None]


class Clock:
    """Times the steps and tells the caller how far they have come."""

    def __init__(self, on_step: OnStep | None) -> None:
        self.seconds: dict[str, float] = {}
        self._on_step = on_step
        self._step: StepName | None = None
        self._since = 0.0

    @contextlib.contextmanager
    def step(self, name: StepName) -> Iterator[None]:
        """Add to one step's time, which `report` speaks of; a step within it stops its clock."""
        outer = self._step
        self._turn_to(name)
        try:
            yield
        finally:
            self._turn_to(outer)

    @contextlib.contextmanager
    def preparation(self, name: Preparation) -> Iterator[None]:
        """Take a step of the embedder's, telling the caller that it began."""
        with self.step(name):
            self.report(0, 0)
            yield

    def _turn_to(self, name: StepName | None) -> None:
        now = perf_counter()
        if self._step is not None:
            spent = self.seconds.get(self._step, 0.0)
            self.seconds[self._step] = spent + now - self._since
        self._step, self._since = name, now

    def report(self, done: int, total: int) -> None:
        """Tell the caller."""
        if self._on_step is not None and self._step is not None:
            self._on_step(Step(self._step, done, total))
