"""Whether an answer says what a right one never says."""

from __future__ import annotations

from collections.abc import Iterable

from evals.metrics.key_facts import holds


def forbidden_in(text: str, forbidden: Iterable[str]) -> tuple[str, ...]:
    """Return those of the `forbidden` strings that `text` says, in their order.

    They are found as key facts are (`key_facts.holds`), so that what is forbidden as "30 days" is
    not found in "130 days". Any one of them makes an answer wrong; the rule is ours.

    Raises:
        ValueError: nothing of a forbidden string is left to be found.
    """
    return tuple(wrong for wrong in forbidden if holds(text, wrong))
