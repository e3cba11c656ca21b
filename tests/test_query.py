import pytest

from chatbot.answer import Question, Turn
from chatbot.errors import EmptyQuestion, QuestionTooLong
from chatbot.query import Query, understand
from chatbot.spelling import Speller

SPELLER = Speller({"glacier": 3, "kinesis": 2, "efs": 4}, is_common={"price"}.__contains__)


def ask(text: str, *history: Turn) -> Query:
    return understand(Question(text, history), SPELLER)


def test_refuses_an_empty_question() -> None:
    with pytest.raises(EmptyQuestion):
        ask(" \n\t ")


def test_refuses_a_question_of_a_hundred_thousand_characters() -> None:
    with pytest.raises(QuestionTooLong, match="100,000"):
        ask("a" * 100_000)


def test_terms_are_distinct_content_words() -> None:
    assert ask("What is the Kinesis of the kinesis?").terms == ("kinesis",)


def test_a_question_of_function_words_keeps_them_as_terms() -> None:
    assert ask("What is it?").terms == ("what", "is", "it")


def test_spelling_is_mended_in_the_text_and_reported() -> None:
    query = ask("Glaciar fees")
    assert query.text == "glacier fees"
    assert [(c.asked, c.taken) for c in query.corrections] == [("glaciar", "glacier")]


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("What is the difference between EFS and EBS?", ("EFS", "EBS")),
        ("EFS vs EBS", ("EFS", "EBS")),
        ("Compare Kinesis Data Streams with MSK", ("Kinesis Data Streams", "MSK")),
        ("How does EFS differ from FSx for Lustre?", ("EFS", "FSx for Lustre")),
        ("How do EFS and FSx differ?", ("EFS", "FSx")),
    ],
)
def test_a_comparison_is_split_into_its_sides(question: str, sides: tuple[str, str]) -> None:
    assert ask(question).sides == sides


def test_other_questions_have_no_sides() -> None:
    assert ask("What is the price of EFS and EBS?").sides == ()


def test_a_question_that_points_back_takes_the_earlier_topic_along() -> None:
    query = ask("What does it cost?", Turn("Tell me about EFS", "…"))
    assert "efs" in query.terms


def test_a_question_that_stands_alone_takes_nothing_along() -> None:
    query = ask("Price of Kinesis shards", Turn("Tell me about EFS", "…"))
    assert "efs" not in query.terms
