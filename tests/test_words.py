from chatbot.words import content_stems, content_words, distinct, fold, stem, words


def test_folds_case_and_diacritics() -> None:
    assert fold("Café ÅNGSTRÖM") == "cafe angstrom"


def test_keeps_numbers_and_versions_whole() -> None:
    assert words("99.99% on c5.xlarge, v4.1") == ["99.99", "on", "c5.xlarge", "v4.1"]


def test_cuts_possessive_endings() -> None:
    assert words("the model's weights") == ["the", "model", "weights"]


def test_drops_function_words_but_keeps_negations() -> None:
    assert content_words("What is it that you can not do without a key?") == [
        "not",
        "without",
        "key",
    ]


def test_stems_words_and_leaves_numbers() -> None:
    assert stem("encryption") == stem("encrypted")
    assert stem("s3") == "s3"


def test_content_stems_join_inflections() -> None:
    assert content_stems("streaming streams") == ["stream", "stream"]


def test_distinct_keeps_the_order_of_first_use() -> None:
    assert distinct(["b", "a", "b", "c", "a"]) == ("b", "a", "c")
