import pytest

from chatbot.reranker import MAX_PAIR_TOKENS, CrossEncoder
from ingest.weights import RERANKER

QUESTION = "How long does a queue keep a message?"
TEXTS = [
    "A queue keeps a message for up to 14 days.",
    "A bucket holds objects.",
    "Queues: messages are deleted by whoever read them.",
]


SCORES = [9.8254, -11.001, -0.3578]


@pytest.fixture(scope="module")
def reranker() -> CrossEncoder:
    return CrossEncoder(RERANKER.verified_folder())


@pytest.mark.slow
def test_what_answers_scores_highest_in_the_given_order(reranker: CrossEncoder) -> None:
    scores = reranker.scores(QUESTION, TEXTS)
    assert scores[0] > 5 > scores[2] > scores[1]
    assert reranker.scores(QUESTION, TEXTS) == scores
    assert reranker.scores(QUESTION, []) == []


@pytest.mark.slow
def test_scores_do_not_depend_on_the_order_of_the_texts(reranker: CrossEncoder) -> None:
    scores = reranker.scores(QUESTION, TEXTS)
    assert reranker.scores(QUESTION, TEXTS[::-1]) == scores[::-1]


@pytest.mark.slow
def test_the_scores_of_the_packaged_weights_stay(reranker: CrossEncoder) -> None:
    # What the graph gives on different CPUs differs in the last digits only.
    assert reranker.scores(QUESTION, TEXTS) == pytest.approx(SCORES, abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("words", [MAX_PAIR_TOKENS - 5, MAX_PAIR_TOKENS + 5, 3_900])
def test_a_question_of_any_length_is_judged(reranker: CrossEncoder, words: int) -> None:
    assert len(reranker.scores("x " * words, [*TEXTS, "", "\ud800", "word " * 500])) == 6


@pytest.mark.slow
def test_a_score_is_the_same_however_many_texts_are_judged_beside_it(
    reranker: CrossEncoder,
) -> None:
    others = [f"Text {n} " + "of many words " * (n % 7) for n in range(20)]
    texts = [*TEXTS, *others]
    scores = reranker.scores(QUESTION, texts)
    order = sorted(range(len(texts)), key=lambda n: texts[n][::-1])
    again = reranker.scores(QUESTION, [texts[n] for n in order])
    assert again == [scores[n] for n in order]


@pytest.mark.slow
def test_equal_texts_have_equal_scores(reranker: CrossEncoder) -> None:
    scores = reranker.scores(QUESTION, [TEXTS[0], *TEXTS, TEXTS[0]])
    assert scores[0] == scores[1] == scores[-1]
