"""What is caught in a sentence that its passages do not support, and what is let pass."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.grounding import (
    NO_CLAIM,
    THIN,
    Evidence,
    Kind,
    Support,
    claims_nothing,
    groundedness,
    support,
)

LANTERN = (
    "The harbour lantern burns whale oil and is refilled every 36 hours. It was lit by Agnes"
    " Thorne in 1871. Its beam reaches 19 miles on a clear night. The lantern does not turn; its"
    " shutters do. The keeper must not leave the tower after dusk."
)
ARCHIVE = (
    "An archived object is kept for at least 180 days. Restoring one takes up to twelve hours and"
    " costs $0.02 per GB. Restored copies cannot be written to. Archived objects are encrypted"
    " with KeyVault at rest. Durability is 99.999999999% (11 9's)."
)
UPLOADS = (
    "A bucket holds objects of up to 5 TB. A single upload is limited to 5 GB; larger files are"
    " split into parts of 8–64 MB. Uploads are retried three times. The Bulk Transfer Service"
    " (BTS) supports 1,500 requests per second in each of the four regions.\n\n"
    "| Class | Fee | Minimum days |\n|---|---|---|\n| Cold | 2 | 30 |\n| Frozen | 1 | 90 |\n"
)
PASSAGES = (LANTERN, ARCHIVE, UPLOADS)
EVIDENCE = Evidence(PASSAGES)


def kinds(sentence: str) -> set[Kind]:
    return {problem.kind for problem in EVIDENCE.support(sentence).problems}


# Faithful sentences

FAITHFUL = [
    # word for word, and shortened
    "The harbour lantern burns whale oil and is refilled every 36 hours.",
    "The lantern burns whale oil.",
    "Restoring one takes up to twelve hours.",
    "Archived objects are encrypted at rest.",
    # in another order
    "Whale oil is what the harbour lantern burns, and every 36 hours it is refilled.",
    "Agnes Thorne lit it in 1871.",
    "On a clear night its beam reaches 19 miles.",
    "Its shutters turn; the lantern does not.",
    # of two sentences, one
    "An archived object is kept for at least 180 days, and restoring it takes up to 12 hours.",
    # numbers written otherwise
    "Restoring takes up to 12 hours and costs $0.02 per GB.",
    "It is refilled every thirty-six hours.",
    "Uploads are retried 3 times.",
    "BTS supports 1500 requests per second in each region.",
    "Restoring one takes up to 720 minutes.",
    "Durability is 11 nines.",
    "Parts have 8 to 64 MB.",
    "The limit of a single upload is 5GB.",
    # a table's cells, whose units stand in the header
    "Frozen — Fee: 1; Minimum days: 90",
    "Frozen objects have a minimum of 90 days.",
    # a name in full, in short, with stops, in two words
    "The B.T.S. supports 1,500 requests per second.",
    "Archived objects are encrypted with Key Vault.",
    "Bulk Transfer Service supports 1,500 requests per second.",
    # the same denial in other words
    "The lantern doesn't turn.",
    "The keeper may never leave the tower after dusk.",
    "Restored copies can't be written to.",
    # markers of citations are not read
    "Its beam reaches 19 miles [2][14].",
]


@pytest.mark.parametrize("sentence", FAITHFUL)
def test_a_faithful_sentence_has_no_problem(sentence: str) -> None:
    assert EVIDENCE.support(sentence).problems == ()


def test_the_passages_own_sentences_are_fully_supported() -> None:
    for passage in (LANTERN, ARCHIVE):
        for sentence in passage.split(". "):
            assert EVIDENCE.support(sentence) == Support(1.0)


def test_what_was_decoded_wrongly_is_compared_as_it_was_meant() -> None:
    assert support("It isnâ€™t lit by day.", ["It isn't lit by day."]) == Support(1.0)
    assert support("It isn't lit by day.", ["It isnâ€™t lit by day."]) == Support(1.0)


# Mutations: one thing changed in a faithful sentence

SWAPPED_NUMBERS = [
    ("The harbour lantern is refilled every 48 hours.", "48 hours", "36 hours"),
    ("Its beam reaches 91 miles on a clear night.", "91 miles", "19 miles"),
    ("It was lit by Agnes Thorne in 1781.", "1781", ""),
    ("Restoring one takes up to thirteen hours.", "thirteen hours", "twelve hours"),
    ("Restoring one costs $0.20 per GB.", "$0.20", "$0.02"),
    ("Durability is 12 nines.", "12 nines", "11 nines"),
    ("Uploads are retried five times.", "five times", "three times"),
    ("BTS supports 15,000 requests per second.", "15,000", "1,500"),
    ("BTS works in each of the five regions.", "five", "four"),
    ("Parts have 8 to 46 MB.", "46 MB", "64 MB"),
    ("Frozen objects have a minimum of 60 days.", "60 days", "180 days"),
]


@pytest.mark.parametrize(("sentence", "said", "instead"), SWAPPED_NUMBERS)
def test_a_swapped_number_is_caught(sentence: str, said: str, instead: str) -> None:
    found = [p for p in EVIDENCE.support(sentence).problems if p.kind is Kind.NUMBER]
    assert [problem.said for problem in found] == [said]
    assert instead in found[0].passage


@pytest.mark.parametrize(
    "sentence",
    [
        "The harbour lantern is refilled every 36 days.",
        "An archived object is kept for at least 180 hours.",
        "An archived object is kept for at least 180 years.",
        "Parts have 8 to 64 GB.",
        "Restoring one costs €0.02 per GB.",
        "Its beam reaches 19 km on a clear night.",
        "Restoring one costs 0.02% per GB.",
    ],
)
def test_a_swapped_unit_is_caught(sentence: str) -> None:
    assert Kind.NUMBER in kinds(sentence)


def test_a_number_that_the_passages_say_of_another_thing_is_caught() -> None:
    (problem,) = EVIDENCE.support("A single upload is limited to 5 TB.").problems
    assert (problem.kind, problem.said, problem.passage) == (Kind.NUMBER, "5 TB", "5 GB")


@pytest.mark.parametrize(
    "sentence",
    [
        "Archived objects are not encrypted at rest.",
        "Archived objects aren't encrypted with KeyVault.",
        "Archived objects are never encrypted at rest.",
        "Archived objects are no longer encrypted at rest.",
        "The harbour lantern does not burn whale oil.",
        "Its beam cannot reach 19 miles on a clear night.",
    ],
)
def test_a_negation_put_in_is_caught(sentence: str) -> None:
    (problem,) = EVIDENCE.support(sentence).problems
    assert problem.kind is Kind.NEGATION
    assert problem.passage


@pytest.mark.parametrize(
    "sentence",
    [
        "Restored copies can be written to.",
        "The keeper must leave the tower after dusk.",
        "The lantern does turn; its shutters do.",
        "No, restored copies can be written to.",
    ],
)
def test_a_negation_left_out_is_caught(sentence: str) -> None:
    assert kinds(sentence) == {Kind.NEGATION}


def test_a_negation_is_told_with_what_it_denies_and_what_the_passage_says() -> None:
    (problem,) = EVIDENCE.support("Restored copies can be written to.").problems
    assert problem.said == "written"
    assert problem.passage == "Restored copies can not be written to."


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("It was lit by Hester Thorne in 1871.", "Hester"),
        ("It was lit by Agnes Bellweather in 1871.", "Bellweather"),
        ("Archived objects are encrypted with LockSmith at rest.", "LockSmith"),
        ("Archived objects are encrypted with AES256 at rest.", "AES256"),
        ("The QRX supports 1,500 requests per second.", "QRX"),
        ("More is at https://lantern.example/oil about whale oil.", "https://lantern.example/oil"),
        ("Write to keeper@tower.example about whale oil.", "keeper@tower.example"),
    ],
)
def test_a_swapped_name_is_caught(sentence: str, name: str) -> None:
    names = [p.said for p in EVIDENCE.support(sentence).problems if p.kind is Kind.NAME]
    assert names == [name]


@pytest.mark.parametrize(
    ("faithful", "changed"),
    [
        ("It is refilled every 36 hours.", "It is refilled every 48 hours."),
        ("Archived objects are encrypted.", "Archived objects are not encrypted."),
        ("Agnes Thorne lit it in 1871.", "It was Hester Thorne who lit it in 1871."),
    ],
)
def test_a_mutation_costs_more_than_a_word_in_other_words(faithful: str, changed: str) -> None:
    assert EVIDENCE.support(changed).score <= 0.8 * EVIDENCE.support(faithful).score


@pytest.mark.parametrize(
    "changed",
    [
        "An archived object is kept for at least 180 hours.",
        "Archived objects are not encrypted at rest.",
    ],
)
def test_a_wrong_number_or_negation_halves_what_is_covered_in_full(changed: str) -> None:
    assert EVIDENCE.support(changed).score == pytest.approx(0.5, abs=0.01)


# Negations that are none


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        # an even number of them
        ("The vault can be opened with a key.", "The vault cannot be opened without a key."),
        # by the first letters of a word
        ("The lift is unavailable on Sundays.", "The lift is not available on Sundays."),
        ("The lift is not available on Sundays.", "The lift is unavailable on Sundays."),
        # in ways that are not followed
        ("The guard prevents entry by night.", "No entry by night: the guard does not sleep."),
        ("Entry is allowed by day only.", "Entry is not allowed by night, only by day."),
        # a contrast that the shorter sentence leaves out
        ("Enter a company account.", "Enter a company account, not a private account."),
        # bounds and shares
        ("At most 40 guests dine in the hall.", "No more than 40 guests dine in the hall."),
        ("The hall serves guests and staff.", "The hall serves not only guests but also staff."),
        ("Some halls serve guests.", "Not all halls serve guests."),
        # an irregular verb
        ("The order is not kept by the porter.", "The porter does not keep the order."),
        # an answer's opening
        ("No, the hall serves staff.", "The hall serves staff."),
        # of two sentences, one agrees
        ("Glass is taken.", "Glass is taken on Fridays. Glass is not taken on Mondays."),
        # one passage denies it of something else
        ("Glass is taken on Fridays.", "Glass is taken on Fridays. Glass is not taken on Mondays."),
    ],
)
def test_no_flip_is_seen_where_there_is_none(sentence: str, passage: str) -> None:
    assert Kind.NEGATION not in {problem.kind for problem in support(sentence, [passage]).problems}


# Coverage


def test_a_sentence_from_elsewhere_is_thin() -> None:
    told = EVIDENCE.support("Bananas grow quickly in tropical climates.")
    assert [problem.kind for problem in told.problems] == [Kind.COVERAGE]
    assert "Bananas" in told.problems[0].said
    assert told.score < THIN


def test_the_passages_words_in_another_company_are_worth_less() -> None:
    said = EVIDENCE.support("The keeper must not leave the tower after dusk.")
    shuffled = EVIDENCE.support("The tower encrypted whale parts after the fee.")
    assert shuffled.score < said.score - 0.2


def test_the_end_of_a_sentence_is_no_neighbour_of_the_next() -> None:
    passages = ["The gale blows. Keepers sleep."]
    assert support("Keepers blow.", passages).score < support("Keepers sleep.", passages).score


def test_a_single_word_is_held_or_not() -> None:
    assert EVIDENCE.support("Bananas.").score == 0
    assert EVIDENCE.support("Lanterns.").score == 1


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    passages = ["The tide rises. The tide falls. The tide turns. A gale blows."]
    # One word of two is held; it is the rarer one in the first.
    assert support("Zebra gale.", passages).score > support("Zebra tide.", passages).score


def test_passages_support_a_sentence_together() -> None:
    sentence = "The lantern burns whale oil, and uploads are retried three times."
    assert EVIDENCE.support(sentence) == Support(1.0)
    assert support(sentence, [LANTERN]).score < 1


def test_without_passages_nothing_is_supported() -> None:
    assert support("The lantern burns whale oil.", []).score == 0
    assert groundedness("The lantern burns whale oil.", []) == 0


# What claims nothing


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "  \n",
        "…",
        "[3]",
        "2.",
        "Which lantern do you mean?",
        "You're welcome!",
        "I hope this helps you on your journey.",
        "Let me know if you have other questions.",
        "If you have any more questions about lanterns, feel free to ask.",
        "Certainly!",
        "No.",
        "Here are the main points:",
        "**Key features:**",
        "I do not have specific information about lighthouses in Norway.",
        "I don't have that information.",
        "The notes do not mention Norway.",
        "The provided documents don't contain details on the price of whale oil.",
        "There is no information about Norway in the passages.",
        "There is no explicit mention of Norway.",
        "No details are given.",
        "Unfortunately, I could not find anything about Norway.",
        "Thanks for asking!",
        "The price is not mentioned in the text.",
        "Your notes don't answer this.",
    ],
)
def test_courtesies_questions_and_refusals_claim_nothing(sentence: str) -> None:
    assert claims_nothing(sentence)
    assert EVIDENCE.support(sentence) == Support(1.0)
    assert EVIDENCE.groundedness(sentence) == NO_CLAIM


@pytest.mark.parametrize(
    "sentence",
    [
        "The lantern does not turn.",
        "Nobody has information on Norway.",
        "No information is stored after 30 days.",
        "No information is stored in the tower.",
        "The service does not provide backups.",
        "Content does not include advertisements.",
        "We do not have a linear relation here.",
        "Thanks to its shutters, the lantern flashes.",
        "If you need additional oil, refill the lantern.",
        "If there are more keepers, they take turns.",
        "There are 4 regions:",
    ],
)
def test_what_only_looks_like_a_refusal_or_a_courtesy_is_a_claim(sentence: str) -> None:
    assert not claims_nothing(sentence)


def test_what_is_said_beside_a_refusal_is_a_claim() -> None:
    refusal = "The notes do not mention Norway"
    assert kinds(f"{refusal}, but the lantern burns whale oil.") == set()
    assert Kind.NUMBER in kinds(f"{refusal}, but the lantern is refilled every 50 hours.")
    assert Kind.NUMBER in kinds(f"It is refilled every 50 hours, but {refusal.lower()}.")


def test_a_number_in_a_lead_in_is_checked() -> None:
    assert Kind.NUMBER in kinds("BTS works in these 7 regions:")


# Whole answers


def test_an_answer_is_as_grounded_as_its_claims() -> None:
    good = "The harbour lantern burns whale oil. [1]"
    bad = "Norwegian fishermen painted it purple. [2]"
    both = EVIDENCE.groundedness(f"{good} {bad}")
    assert EVIDENCE.groundedness(good) == 1.0
    assert EVIDENCE.groundedness(bad) < THIN
    assert EVIDENCE.groundedness(bad) < both < 1.0


def test_an_answer_without_a_claim_lies_between_a_good_and_a_bad_one() -> None:
    refusal = EVIDENCE.groundedness("I don't have information about that.")
    assert refusal == NO_CLAIM
    assert EVIDENCE.groundedness("Norwegian fishermen painted it purple.") < refusal - 0.3
    assert EVIDENCE.groundedness("The lantern burns whale oil.") > refusal + 0.3


def test_sentences_weigh_as_many_as_their_content_words() -> None:
    short, long = "It burns oil.", "Norwegian fishermen once painted every lighthouse purple."
    parts = [(2, EVIDENCE.support(short).score), (7, EVIDENCE.support(long).score)]
    expected = sum(n * score for n, score in parts) / 9
    assert EVIDENCE.groundedness(f"{short} {long}") == pytest.approx(expected)


def test_what_claims_nothing_changes_no_answer() -> None:
    plain = "The harbour lantern burns whale oil. Norwegian fishermen painted it purple."
    polite = f"Sure! Here is what I found:\n\n{plain} Would you like more? You're welcome!"
    assert EVIDENCE.groundedness(polite) == EVIDENCE.groundedness(plain)


def test_list_items_and_rows_are_sentences_of_their_own() -> None:
    answer = "- The lantern burns whale oil\n- Norwegian fishermen painted it purple\n"
    assert EVIDENCE.groundedness(answer) < 1
    assert EVIDENCE.groundedness("- The lantern burns whale oil\n- It was lit in 1871\n") == 1.0


def test_one_reading_of_the_passages_says_what_many_would() -> None:
    for sentence in FAITHFUL[:4] + [said for said, _, _ in SWAPPED_NUMBERS[:4]]:
        assert EVIDENCE.support(sentence) == support(sentence, PASSAGES)
        assert EVIDENCE.groundedness(sentence) == groundedness(sentence, PASSAGES)


# Any input

PIECES = st.sampled_from(
    "not no without 5 5.5 1,000 $ € % GB days nines 9's [1] [ ( ) | # - … . ? ! : ; \" ’ \n \x00"
    " https:// a@b.c S3 Amazon é e\u0301 ß ½ ٥ 漢字 \ud800 â€™ the lantern 36 hours".split(" ")
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=30).map(" ".join))


@settings(max_examples=300, deadline=None)
@given(sentence=TEXTS, passages=st.lists(TEXTS, max_size=3))
def test_any_input_gets_a_score_between_0_and_1(sentence: str, passages: list[str]) -> None:
    told = support(sentence, passages)
    assert 0 <= told.score <= 1
    assert 0 <= groundedness(sentence, passages) <= 1
    assert told == support(sentence, passages)
    assert all(problem.said for problem in told.problems if problem.kind is not Kind.COVERAGE)


@settings(max_examples=200, deadline=None)
@given(text=st.lists(PIECES, min_size=1, max_size=30).map(" ".join))
def test_a_text_contradicts_itself_in_no_number_and_no_name(text: str) -> None:
    problems = {problem.kind for problem in support(text, [text]).problems}
    assert not problems & {Kind.NUMBER, Kind.NAME}


PATTERNS = [
    "spam ", "{n} days ", "Name{n} ", "Foo Bar ", "not x ", "The cat is not 5 GB. ", "- x\n", "a-",
    "a.b@", "http://", "[1, 2", "((", ": ", "n't's ", "é– ", "the notes do not ", "no information ",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_time_grows_with_length_alone(pattern: str) -> None:
    def seconds(copies: int) -> float:
        text = "".join(pattern.replace("{n}", str(n)) for n in range(copies))
        started = process_time()
        support(text, [text])
        return process_time() - started

    long = min(seconds(2_000) for _ in range(2))
    # Four times the text in sixteen times the time would be quadratic.
    assert long < 10 * seconds(500) + 0.25
