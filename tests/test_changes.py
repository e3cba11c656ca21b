"""What became of the notes: every note is in one place, and the old and the new add up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.changes import Changes, changes_between

BEFORE = [("a.md", "1"), ("b.md", "2"), ("c.md", "3"), ("d.md", "4")]


def test_each_kind_of_change_is_told_apart() -> None:
    now = [("a.md", "1"), ("b.md", "9"), ("deep/c.md", "3"), ("e.md", "5")]
    assert changes_between(BEFORE, now) == Changes(
        added=("e.md",),
        edited=("b.md",),
        renamed=(("c.md", "deep/c.md"),),
        removed=("d.md",),
        unchanged=1,
    )


def test_a_copy_is_new_as_long_as_the_first_one_stays() -> None:
    assert changes_between(BEFORE, [*BEFORE, ("copy.md", "1")]).added == ("copy.md",)


def test_of_several_equal_notes_each_goes_to_one_place() -> None:
    found = changes_between([("a", "1"), ("b", "1")], [("c", "1"), ("d", "1"), ("e", "1")])
    assert found == Changes(added=("e",), renamed=(("a", "c"), ("b", "d")))


def test_notes_that_swap_their_names_were_both_edited() -> None:
    assert changes_between([("a", "1"), ("b", "2")], [("a", "2"), ("b", "1")]).edited == ("a", "b")


def test_nothing_has_changed_where_nothing_has() -> None:
    assert not changes_between(BEFORE, reversed(BEFORE))
    assert changes_between(BEFORE, BEFORE).unchanged == 4


STATE = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("123"))


@given(STATE, STATE)
def test_old_and_new_add_up(before: dict[str, str], now: dict[str, str]) -> None:
    found = changes_between(before.items(), now.items())
    both = len(found.edited) + len(found.renamed) + found.unchanged
    assert both + len(found.removed) == len(before)
    assert both + len(found.added) == len(now)
    assert all(before[old] == now[new] for old, new in found.renamed)
    assert bool(found) == (before != now)
