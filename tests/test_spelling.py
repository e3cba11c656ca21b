from chatbot.answer import Correction
from chatbot.spelling import Speller

VOCABULARY = {"glacier": 4, "archive": 5, "kinesis": 9, "streams": 7, "prime": 2, "storage": 20}
COMMON = {"price", "hello", "stores"}


def speller() -> Speller:
    return Speller(VOCABULARY, is_common=COMMON.__contains__)


def test_mends_a_word_that_nobody_knows() -> None:
    assert speller().corrections("glaciar deep archve") == (
        Correction("glaciar", "glacier"),
        Correction("archve", "archive"),
    )


def test_leaves_ordinary_words_that_the_notes_do_not_use() -> None:
    assert speller().corrections("what is the price") == ()


def test_leaves_inflections_of_the_notes_words() -> None:
    assert speller().corrections("stream archives") == ()


def test_leaves_words_with_digits_and_short_words() -> None:
    assert speller().corrections("s4 ec2 kin archiv3") == ()


def test_leaves_a_word_that_is_near_to_nothing() -> None:
    assert speller().corrections("xylophonist") == ()
