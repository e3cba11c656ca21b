import pytest

from chatbot.asking import Asks, holds_kind, kinds_asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Is there a diagram of the DataSync architecture?", Asks.FIGURE),
        ("What is the difference between EFS and EBS?", Asks.COMPARISON),
        ("EFS vs FSx", Asks.COMPARISON),
        ("Can Comprehend read PNG images?", Asks.YES_NO),
        ("Why would I pick Kafka?", Asks.REASON),
        ("When was Kendra launched?", Asks.DATE),
        ("How long are records kept?", Asks.DURATION),
        ("How much does Polly cost?", Asks.PRICE),
        ("Which version of NFS does EFS use?", Asks.VERSION),
        ("How many shards can a stream have?", Asks.NUMBER),
        ("Which service turns text into speech?", Asks.NAME),
        ("What are the four pieces of Kinesis?", Asks.LIST),
        ("What is Amazon Kendra?", Asks.DEFINITION),
        ("How do I create a shard?", Asks.PROCEDURE),
    ],
)
def test_reads_the_kind_from_the_wording(question: str, kind: Asks) -> None:
    assert kind in kinds_asked(question)


@pytest.mark.parametrize(
    "question",
    ["Can Textract read text in images?", "Which service supports image generation models?"],
)
def test_images_as_a_subject_are_not_a_figure_asked_for(question: str) -> None:
    assert Asks.FIGURE not in kinds_asked(question)


@pytest.mark.parametrize(
    ("text", "kind", "held"),
    [
        ("Write up to 1 MB per second", Asks.NUMBER, True),
        ("There are four methods", Asks.NUMBER, True),
        ("A platform for streaming data", Asks.NUMBER, False),
        ("Minimum: 180 days", Asks.DURATION, True),
        ("Default limit of 10,000 shards", Asks.DURATION, False),
        ("Charged per DPU-hour", Asks.PRICE, True),
        ("An intelligent search service", Asks.PRICE, False),
        ("Launched in 2019", Asks.DATE, True),
        ("Uses 16 GB of memory", Asks.DATE, False),
        ("Anything may hold a reason", Asks.REASON, True),
    ],
)
def test_tells_whether_a_text_can_hold_the_kind(text: str, kind: Asks, held: bool) -> None:
    assert holds_kind(text, kind) is held
