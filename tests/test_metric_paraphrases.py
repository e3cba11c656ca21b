"""One question in several wordings."""

from __future__ import annotations

from evals.metrics.paraphrases import Member, is_consistent, worst_of

BUCKETS, CLASSES = ("storage.md", "buckets"), ("storage.md", "classes")
DECLINED = Member(declined=True)


def answered(*sections: tuple[str, str]) -> Member:
    return Member(declined=False, right_sections=frozenset(sections))


def test_the_same_right_section_is_consistent() -> None:
    assert is_consistent([answered(BUCKETS), answered(BUCKETS, CLASSES)]) is True


def test_right_sections_that_are_not_common_to_all_are_not() -> None:
    # Every two of them share one; all three share none.
    third = ("a.md", "a")
    group = [answered(BUCKETS, CLASSES), answered(CLASSES, third), answered(third, BUCKETS)]
    assert is_consistent(group) is False
    assert is_consistent(group[:2]) is True


def test_an_answer_without_a_right_section_breaks_its_group() -> None:
    assert is_consistent([answered(BUCKETS), answered()]) is False
    assert is_consistent([answered(), answered()]) is False


def test_two_decisions_are_not_consistent() -> None:
    assert is_consistent([answered(BUCKETS), answered(BUCKETS), DECLINED]) is False


def test_all_declined_is_consistent() -> None:
    assert is_consistent([DECLINED, DECLINED]) is True


def test_fewer_than_two_have_nothing_to_compare() -> None:
    assert is_consistent([]) is None
    assert is_consistent([answered(BUCKETS)]) is None


def test_the_worst_counts() -> None:
    assert worst_of([1.0, 0.5, 0.75]) == 0.5
    assert worst_of([1.0, 0.0]) == 0


def test_what_is_not_applicable_is_not_the_worst() -> None:
    assert worst_of([None, 0.5]) == 0.5
    assert worst_of([None]) is None
    assert worst_of([]) is None
