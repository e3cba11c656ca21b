"""A model's reply is read as its sentences and what each cites, however it comes in."""

from __future__ import annotations

import re
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatbot.grounding.markers import marker_at_start
from chatbot.grounding.replies import ReplyReader, Said, read_reply


def cited(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(said.text, said.numbers) for said in read_reply(text)]


def texts(text: str) -> list[str]:
    return [said.text for said in read_reply(text)]


# Markers

MARKERS = {
    "[1]": (1,),
    "[1][3]": (1, 3),
    "[3] [1] [3]": (3, 1),
    "[1], [2]": (1, 2),
    "[1] and [2]": (1, 2),
    "[1, 2]": (1, 2),
    "[1,2;3]": (1, 2, 3),
    "[1 and 2]": (1, 2),
    "[1-3]": (1, 2, 3),
    "[1–3, 7]": (1, 2, 3, 7),
    "[1-40]": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "[999]": (999,),
    "[0]": (),
    "[0, 2]": (2,),
    "【1】": (1,),
    "【1†source】": (1,),
    "【4:2†storage.md】": (4,),
    "[^1]": (1,),
    "[^1^]": (1,),
    "[#1]": (1,),
    "[Passage 1]": (1,),
    "[passage: 1]": (1,),
    "[passages 1 and 2]": (1, 2),
    "[Passage 1, Passage 2]": (1, 2),
    "[source 2]": (2,),
    "[doc 2]": (2,),
    "(passage 2)": (2,),
    "(Sources 1, 2)": (1, 2),
    "([1])": (1,),
    "([1], [2])": (1, 2),
    "(Source: [1])": (1,),
    "(see [1] and [2])": (1, 2),
    "[[1]]": (1,),
    "[1](https://example.org/a_(b))": (1,),
    '[1](storage.md "Storage")': (1,),
    "**[1]**": (1,),
    "[**1**]": (1,),
}


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize(
    "form",
    ["It is kept {}. It lasts.", "It is kept. {} It lasts.", "It is kept.\n{} It lasts."],
)
def test_understands_a_marker_on_either_side_of_the_stop(marker: str, form: str) -> None:
    assert cited(form.format(marker)) == [("It is kept.", MARKERS[marker]), ("It lasts.", ())]


@pytest.mark.parametrize(
    "text",
    [
        "It was founded in [2019].",
        "It was kept [1990-2000].",
        "It matches [0-9] alone.",
        "The range [3-1] is empty.",
        "It covers 12 m² and 3 m³.",
        "The array [a] holds [b, 1].",
        "See it (page 2).",
        "An empty [] and a box [x] stay.",
        "Then items[0].name is read.",
        "Set x[1] = 2 first.",
        "Add x[1] += 2 first.",
        "Take m[1]n and f[0](x).",
        "It says x = [1] and no more.",
        "Call f(source 2) now.",
        "It is kept [1",
        "It is kept 【",
    ],
)
def test_leaves_what_is_no_marker(text: str) -> None:
    assert cited(text) == [(text, ())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It lasts ninety days[1].", ("It lasts ninety days.", (1,))),
        ("It lasts days[1][2], or more.", ("It lasts days, or more.", (1, 2))),
        ("It lasts days[1]", ("It lasts days", (1,))),
        ("It lasts days[1] - or more", ("It lasts days - or more", (1,))),
        ("It (S3)[1] lasts", ("It (S3) lasts", (1,))),
        ("Storage [1] and speed [2] count.", ("Storage and speed count.", (1, 2))),
        ("According to [1], it is kept.", ("It is kept.", (1,))),
        ("As stated in [1] and [2], it is kept.", ("It is kept.", (1, 2))),
        (r"It is kept \[1\] in C:\x.", (r"It is kept in C:\x.", (1,))),
        ("It is kept [1] , then lost.", ("It is kept, then lost.", (1,))),
        ("It is kept [1](and lost) there.", ("It is kept (and lost) there.", (1,))),
    ],
)
def test_a_marker_may_touch_its_word(text: str, expected: tuple[str, tuple[int, ...]]) -> None:
    assert cited(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Read `a [1]` there [2].", ("Read a [1] there.", (2,))),
        ("Read ``a ` [1]`` there.", ("Read a ` [1] there.", ())),
        ("A lone ` is none [1].", ("A lone is none.", (1,))),
    ],
)
def test_code_holds_no_marker(text: str, expected: tuple[str, tuple[int, ...]]) -> None:
    assert cited(text) == [expected]


def test_markers_belong_to_the_sentence_before_them() -> None:
    assert cited("It lasts 90 days.\n[1]\n[2]\n\n[3]\n\nThen it ends.") == [
        ("It lasts 90 days.", (1, 2, 3)),
        ("Then it ends.", ()),
    ]
    assert cited("One. [1] [2] Two. [3]. Three. [4]") == [
        ("One.", (1, 2)),
        ("Two.", (3,)),
        ("Three.", (4,)),
    ]


def test_markers_that_lead_a_paragraph_belong_to_what_follows() -> None:
    leading = [("One is kept.", (1,)), ("Two is lost.", (2,))]
    assert cited("[1] One is kept.\n\n[2] Two is lost.") == leading
    assert cited("[1] One is kept.\n[2] Two is lost.") == leading
    assert cited("- [1] One is kept.\n- [2] Two is lost.") == leading


def test_only_the_sentence_that_ends_in_markers_has_numbers() -> None:
    assert cited("- One is kept. Two is lost. [1]\n- Three.") == [
        ("One is kept.", ()),
        ("Two is lost.", (1,)),
        ("Three.", ()),
    ]


# Sentences


@pytest.mark.parametrize(
    "whole",
    [
        "Use a format, e.g. Parquet, for columns.",
        "The default, i.e. Standard, is fine.",
        "Compare Athena vs. Redshift here.",
        "J. R. R. Tolkien wrote it.",
        "The U.S. Army uses it.",
        "Version 3.11.2 costs $0.023 per GB.",
        "It runs on Node.js v2.0 and reads README.md files.",
        "It writes (a shard is a sequence. A stream has many shards) in order.",
        "First line\nstill first.",
        "Wait... then retry.",
    ],
)
def test_keeps_one_sentence_whole(whole: str) -> None:
    assert texts(whole) == [whole.replace("\n", " ")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is in S3. It is not in EC2.", ["It is in S3.", "It is not in EC2."]),
        ("Choose plan B. It is cheap.", ["Choose plan B.", "It is cheap."]),
        ("Really? Yes! Good.", ["Really?", "Yes!", "Good."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("**One here.** Two there.", ["One here.", "Two there."]),
        ("**One here. Two there.**", ["One here.", "Two there."]),
        ("Bracket ( here. Too.", ["Bracket ( here.", "Too."]),
        ("(All of it.) The rest.", ["(All of it.)", "The rest."]),
        ("これは文です。次の文です。", ["これは文です。", "次の文です。"]),
        ("One paragraph\n\nanother", ["One paragraph", "another"]),
        ("There are two:\nFast ones", ["There are two:", "Fast ones"]),
        ("Fast ones [1]\nSlow ones [2]", ["Fast ones", "Slow ones"]),
        ("Fast ones [1]\nand slow ones [2]", ["Fast ones and slow ones"]),
        ("It ends in `code`. `More` follows.", ["It ends in code.", "More follows."]),
        ("> Quoted\n> on two lines.\n\nNot.", ["Quoted on two lines.", "Not."]),
        ("One.\n\n---\n\nTwo.", ["One.", "Two."]),
    ],
)
def test_ends_a_sentence_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_a_long_parenthesis_may_be_split() -> None:
    assert len(texts("Left (open. " + "It goes on and on. " * 40)) == 41


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A **bold** and *slanted* _word_ with __both__.", "A bold and slanted word with both."),
        ("See [the docs](https://example.org/x) first.", "See the docs first."),
        ("It is <b>bold</b><br>and <!-- no --> List<String>.", "It is bold and List<String>."),
        ("Keep snake_case_names, 2 * 3 * 4, 2**10 and *.md.", None),
        ("If a < b & b > c, stop.", None),
        ("It\u202e is\u200b\x1b kept\x07.", "It is kept."),
        ("Emoji 👩‍🚀 stay.", None),
        ("It  is \t kept .", "It is kept ."),
        ("Read ` ` here `a  b`.", "Read here a b."),
        ("- [ ] Open the box", "Open the box"),
    ],
)
def test_makes_words_plain(text: str, expected: str | None) -> None:
    assert texts(text) == [expected or text]


def test_reads_items_headings_rows_and_code() -> None:
    reply = (
        "## Storage classes ##\n**Cheap ones**\n- **Glacier**: cold. Slow. [1]\n"
        "  * Deep Archive [2]\n1. First\n   wrapped [3]\n2) Second\nAll told.\n\n"
        "| Class | Fee |\n|:---|---:|\n| Cold [4] | 2 |\n| `a` | 3 |\n[5]\n\n"
        "```py\na[1] = 2  # One. Two.\n\n**b**\n```\n[6] The end."
    )
    assert read_reply(reply) == [
        Said("Storage classes", (), is_heading=True),
        Said("Cheap ones", (), is_heading=True),
        Said("Glacier: cold.", (), "- "),
        Said("Slow.", (1,)),
        Said("Deep Archive", (2,), "- "),
        Said("First wrapped", (3,), "- "),
        Said("Second", (), "- "),
        Said("All told.", ()),
        Said("Class | Fee", (), is_heading=True),
        Said("Cold | 2", (4,)),
        Said("a | 3", (5,)),
        Said("```py\na[1] = 2  # One. Two.\n\n**b**\n```", (6,), is_code=True),
        Said("The end.", ()),
    ]


@pytest.mark.parametrize("line", ["**It is kept for 90 days.**", "**It is kept** [1]", "**A** b"])
def test_a_statement_in_bold_is_no_heading(line: str) -> None:
    assert [said.is_heading for said in read_reply(line)] == [False]


def test_gives_out_a_block_of_code_that_is_not_closed() -> None:
    assert read_reply("So:\n```\na[1]") == [
        Said("So:", ()),
        Said("```\na[1]", (), is_code=True),
    ]


def test_code_in_an_item_is_not_indented() -> None:
    assert read_reply("- So\n  ```\n  a\n    b\n c\n  ```\n- No") == [
        Said("So", (), "- "),
        Said("```\na\n  b\nc\n```", (), is_code=True),
        Said("No", (), "- "),
    ]


# What is no part of the answer


@pytest.mark.parametrize(
    "before",
    [
        "<think>It says [1]. So what?</think>",
        "<Thinking>\nhm\n</Thinking>\n\n",
        "<reasoning>a</reasoning><think>b</think>Answer: ",
        "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>",
        "Assistant: ",
        "\n**Answer:** ",
        "## Answer\n\n",
        "Final answer: ",
    ],
)
def test_drops_what_is_said_before_the_answer(before: str) -> None:
    assert cited(before + "Answering is kept [1].") == [("Answering is kept.", (1,))]


def test_thinking_that_never_ends_says_nothing() -> None:
    assert read_reply("<think>It is kept [1]. So") == []


@pytest.mark.parametrize(
    "sources",
    [
        "Sources: [1] Storage.md, [2] Network.md",
        "Sources:\n[1] Storage.md › Classes\n[2] Network.md",
        "**Sources:**\n\n- [1] Storage.md\n- [2] Network.md\n",
        "## References\n\n1. [Storage](storage.md)\n2. Network.md\n",
        "References\n1. Storage.md",
        "Sources:",
        "[^1]: Storage.md\n[^2]: Network.md",
    ],
)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_drops_the_list_of_sources_at_the_end(sources: str, gap: str) -> None:
    assert cited(f"It is kept [1].{gap}{sources}") == [("It is kept.", (1,))]


def test_an_answer_goes_on_behind_a_list_of_sources() -> None:
    assert texts("Kept.\n\nSources:\n- [1] a.md\n  more\n\n## More\nLost.") == [
        "Kept.",
        "More",
        "Lost.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("## Sources\n- Solar [1]\n- Wind [2]", [("Sources", ()), ("Solar", (1,)), ("Wind", (2,))]),
        ("Sources of heat vary [1].", [("Sources of heat vary.", (1,))]),
        ("Source [1] says so.", [("Source says so.", (1,))]),
    ],
)
def test_an_answer_about_sources_is_none(
    text: str, expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert cited(text) == expected


# As it streams


def steps(text: str) -> list[tuple[str, list[str]]]:
    """What had been fed when something was given out, by its end, and what that was."""
    reader = ReplyReader()
    given = [(text[: at + 1], reader.feed(character)) for at, character in enumerate(text)]
    return [(fed[-3:], [said.text for said in saids]) for fed, saids in given if saids]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. [1] [2] Two there", [("] T", ["One here."])]),
        ("One here [1].\nTwo there", [(".\nT", ["One here."])]),
        ("One here.[1]Two there", [("1]T", ["One here."])]),
        ("One here.\n\n[1]\n\nTwo", [("\n\nT", ["One here."])]),
        ("- One here [1]\n- Two there", [("\n- ", ["One here"])]),
        ("```\na\n```\nTwo", [("`\nT", ["```\na\n```"])]),
        ("# One\nTwo", [("e\nT", ["One"])]),
        ("Plan B. It is", [("It ", ["Plan B."])]),
        ("| a |\n|-|\n| b", [("| b", ["a"])]),
        ("一。二", [("一。二", ["一。"])]),
    ],
)
def test_gives_a_sentence_out_with_the_first_character_of_the_next(
    text: str, expected: list[tuple[str, list[str]]]
) -> None:
    given = steps(text)
    assert given[-1:] == expected
    assert len(given) <= 2


PIECES = st.sampled_from(
    [
        *[
            "One here. ",
            "two",
            " e.g. ",
            "B. ",
            "It ",
            "A.",
            "é",
            "日本。",
            "! ",
            "…",
            ", ",
            ": ",
            ".",
        ],
        *["[1]", "[2, 3]", "[1-3]", "【1†s】", "(passage 2)", "[[1]]", "[0]", "[^1]", "[1](x)"],
        *["[", "]", "(", ")", "【", "】", "`", "``", "```", "~~~", "<", ">", "*", "**", "_", "__"],
        *["\n", "\n\n", "\r\n", "\r", " ", "  ", "\t", "- ", "1. ", "# ", "> ", "| ", "|", "|-|"],
        *["---", "Sources", "Sources:", "References\n", "[1] a.md", "x.md", "<b>", "</think>"],
        *[
            "<think>",
            "Answer:",
            "<|channel|>",
            "\u200b",
            "\u200d",
            "\u202e",
            "\0",
            "👩",
            "=",
            ".",
            "\\",
        ],
    ]
)
REPLIES = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60)


@settings(max_examples=300)
@given(REPLIES, st.data())
@example("Sources:\nSources:\n[1", None)
def test_where_a_reply_is_cut_changes_nothing(text: str, data: st.DataObject | None) -> None:
    reader = ReplyReader()
    said: list[Said] = []
    at = 0
    while at < len(text):
        size = data.draw(st.integers(1, 9)) if data else 1
        said += reader.feed(text[at : at + size])
        at += size
    assert [*said, *reader.finish()] == read_reply(text)


@settings(max_examples=300)
@given(REPLIES)
@example("[1[2[3[4[5[6]]]]]] x")
@example("---[0][1\r\n†|] [1-3]x")
@example("x [<b>1</b>] [*1*]")
def test_takes_any_reply(text: str) -> None:
    for said in read_reply(text):
        assert said.text.strip()
        assert not set(said.text) & set("\0\x01\u202e\u200b\r")
        assert all(1 <= number <= 999 for number in said.numbers)
        assert len(set(said.numbers)) == len(said.numbers)
        assert said.bullet in ("", "- ")
        if not said.is_code:
            assert said.text == " ".join(said.text.split())
        if "`" not in text:
            assert said.is_code or not understood(said.text)


def understood(text: str) -> list[int]:
    """Where a marker stands that touches no word and follows no "="."""
    return [
        at
        for at in range(len(text))
        if marker_at_start(text[at:])
        and not text[:at].rstrip().endswith("=")
        and not re.search(r"[\w)\]]\\?\Z", text[:at])
    ]


PATTERNS = [
    "word ", "One here. ", "a. ", "(a. ", "A. ", "[", "[1] ", "x. [1]. ", "[1], ", "[1[2", "a[1] ",
    "[1](x", "【", "((((", "`", "``a`", "<a ", "<!--", "*a\n", "**A", "_a ", "...", "…) ", "\n",
    "> ", "| a ", "|\n", "- a\n", "Sources\n", "```\n", "-", "日本。", " ", "\u200d", "e.g. ", "#",
    "\\",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_time_grows_with_length_alone(pattern: str) -> None:
    def seconds(length: int) -> float:
        reader = ReplyReader()
        started = process_time()
        for character in (pattern * length)[:length]:
            reader.feed(character)
        reader.finish()
        return process_time() - started

    long = min(seconds(20_000) for _ in range(2))
    # Four times the text in sixteen times the time would be quadratic.
    assert long < 10 * seconds(5_000) + 0.25
