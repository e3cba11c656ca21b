"""Reports made by hand: questions that pass, that are missed in every way, and hostile words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chatbot.chat_models import ModelChoice
from evals.asked_model import AskedModel
from evals.fingerprint import Machine
from evals.gates import Baseline, Bound, Floors, check_floors, compare, exit_code
from evals.golden_set import Case, Evidence, GoldenFact, GoldenItem, ItemType
from evals.reports.report import Report
from evals.results import CitedPlace, FoundPlace, Result, Writing, WrittenSentence
from evals.scoring import Score, score
from evals.summary import summarise, summarise_writing

MACHINE = Machine("3.11", "Linux", "x86_64", ("avx2",), (("numpy", "2.0"), ("torch", "")))
ELSEWHERE = Machine("3.12", "Darwin", "arm64", (), ())
MODEL = AskedModel(ModelChoice("openai", "tiny", "http://127.0.0.1:8080/v1"))
QUOTE = "A bucket holds objects."
FACT = "a bucket holds objects"

HOSTILE = (
    "<script>alert(1)</script>",
    "]]><!-- --></script></style></details></title>",
    "'\" onmouseover=alert(1) x='",
    "NUL \x00, ESC \x1b[31m, vertical tab \x0b, next line \x85, noncharacters \ufffe\uffff",
    "lone surrogate \ud800, override \u202e, hidden \u200b",
    "a | b \\| c \\\\| d\n\n| --- |\r\n# heading\n\n- item",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "[link](http://host.example/x) ![image](http://host.example/i.png) <http://host.example>",
    "`code` ``two`` ~~~ *em* **strong** ~~gone~~ $x$ @somebody #1 www.host.example",
    "no space " + "x" * 20_000,
    "many words " * 2_000,
)


def item(item_id: str, **fields: Any) -> GoldenItem:
    """An answerable question about buckets, unless told otherwise."""
    heading = f"Buckets {item_id}"
    given: dict[str, Any] = {
        "id": item_id,
        "question": f"What does {item_id} hold?",
        "answerable": True,
        "type": ItemType.FACT,
        "topic": "storage",
        "key_facts": (GoldenFact(text=f"{FACT}, says {item_id}", any_of=(FACT,)),),
        "evidence": (Evidence(file="storage.md", heading=heading, quote=QUOTE),),
    }
    return GoldenItem(**(given | fields))


def unanswerable(item_id: str, **fields: Any) -> GoldenItem:
    """A question that the notes seem to answer, and do not."""
    given = {"answerable": False, "type": ItemType.NEAR_MISS, "key_facts": (), "evidence": ()}
    return item(item_id, **(given | {"near": f"Prices of {item_id}"} | fields))


def asked(golden: GoldenItem, variant: str = "question") -> Case:
    return Case(golden, variant, golden.question, golden.turns)


def result(case: Case, text: str = f"{QUOTE} [1]", **fields: Any) -> Result:
    """An answer that cites the section where it stands, which was found first."""
    right = ("Storage", f"Buckets {case.item.id}")
    given: dict[str, Any] = {
        "confidence": 0.9,
        "citations": (CitedPlace(1, "storage.md", right, QUOTE, 0, len(QUOTE), is_exact=True),),
        "passages": (
            FoundPlace("storage.md", right, 0.91),
            FoundPlace("compute.md", ("Compute", "Elsewhere"), 0.42),
        ),
        "milliseconds": 250.0,
    }
    return Result(case.id, text=text, **({"declined": False} | given | fields))


def refusal(case: Case, **fields: Any) -> Result:
    return result(case, "Your notes don't answer this.", declined=True, citations=(), **fields)


def passing(item_id: str, **fields: Any) -> Score:
    case = asked(item(item_id, **fields))
    return score(case, result(case))


def missing(item_id: str, text: str = "Nothing of that kind. [1]", **fields: Any) -> Score:
    """Retrieved, and not used."""
    case = asked(item(item_id, **fields))
    return score(case, result(case, text))


def declined(item_id: str, **fields: Any) -> Score:
    case = asked(item(item_id, **fields))
    return score(case, refusal(case))


def invented(item_id: str) -> Score:
    """Answered, though the notes do not say."""
    case = asked(unanswerable(item_id))
    return score(case, result(case, "It costs 5 a month. [1]"))


def rightly_declined(item_id: str) -> Score:
    case = asked(unanswerable(item_id))
    return score(case, refusal(case))


def raised(item_id: str) -> Score:
    case = asked(item(item_id))
    return score(case, Result(case.id, declined=False, text="", error="OSError: disk gone"))


def hostile(words: str, number: int = 0) -> Score:
    """A miss in which everything that comes from outside holds the words."""
    # Pydantic lets no lone surrogate into a golden item; a result may hold one.
    said = words.replace("\ud800", "")
    golden = item(
        f"hostile-{number}",
        question=f"question {said}",
        topic=f"topic {said}",
        type=ItemType.FOLLOW_UP,
        turns=(f"earlier {said}",),
        standalone="never asked",
        key_facts=(
            GoldenFact(text=f"fact {said}", any_of=("never said",)),
            GoldenFact(text=f"extra {said}", any_of=("never said",), importance="okay"),
        ),
        evidence=(Evidence(file=f"file {said}", heading=f"head {said}", quote=f"gold {said}"),),
    )
    case = asked(golden)
    place = (f"source {words}", (f"title {words}", "end"))
    cited = CitedPlace(1, *place, f"quote {words}", 0, 1, is_exact=False)
    return score(
        case,
        result(case, f"answer {words}", citations=(cited,), passages=(FoundPlace(*place, 0.5),)),
    )


def report(scores: Sequence[Score], *, floors: Floors | None = None, **fields: Any) -> Report:
    """The report of these scores, gated as the command does."""
    figures = summarise(scores)
    checks = check_floors(floors or {}, figures)
    baseline: Baseline | None = fields.pop("baseline", None)
    comparison = compare(baseline, scores, MACHINE) if baseline else None
    given: dict[str, Any] = {
        "made": "2026-01-02T03:04:05+00:00",
        "golden": "evals/golden",
        "notes": ("corpus", "more notes"),
        "machine": MACHINE,
        "scores": scores,
        "figures": figures,
        "floors": checks,
        "comparison": comparison,
        "exit": exit_code(scores, checks, comparison),
        "asked": len(scores),
        "seconds": 61.5,
    }
    return Report(**(given | fields))


def baseline(passed: Mapping[str, bool], machine: Machine = MACHINE) -> Baseline:
    """What passed before, by id, as it is read from a file."""
    return Baseline(json.loads(json.dumps(machine.to_json())), passed)


def sample() -> Report:
    """A run with something of everything, that fails."""
    scores = [
        *(passing(f"good-{number}") for number in range(8)),
        missing("bad-1", type=ItemType.LIST, critical=True),
        missing("bad-2", topic="compute"),
        declined("bad-3"),
        invented("bad-4"),
        rightly_declined("good-8"),
        missing("bad-5", type=ItemType.FOLLOW_UP, turns=("And before?",), standalone="Alone?"),
    ]
    alone = asked(scores[-1].case.item, "standalone")
    scores.append(score(alone, refusal(alone)))
    control = [score(s.case, result(s.case, "Something else. [1]")) for s in scores]
    return report(
        scores,
        floors={
            "all": {
                "passed": Bound(at_least=0.9),
                "quotes_exact": Bound(at_least=1),
                "over_refusal": Bound(at_most=0.05),
            },
            "topic: sailing": {"passed": Bound(at_least=0.5)},
        },
        baseline=baseline({"bad-1": True, "bad-2": True, "good-1": False}),
        control=summarise(control),
    )


def clean() -> Report:
    """A run that passes, with floors and a baseline."""
    scores = [*(passing(f"good-{number}") for number in range(6)), rightly_declined("good-6")]
    floors = {"all": {"passed": Bound(at_least=0.9)}}
    before = baseline({s.case.id: True for s in scores})
    return report(scores, floors=floors, baseline=before)


def written(of: Score, *sentences: WrittenSentence, **fields: Any) -> Score:
    """The same case, worded by a model."""
    writing = Writing(**({"model": MODEL.label, "sentences": sentences} | fields))
    return score(of.case, replace(of.result, writing=writing), held_to_quotes=False)


def worded(words: str = "It is blue.") -> Report:
    """A run in which a model says hostile or other words, beside the notes' own."""
    struck = WrittenSentence(words, "unsupported", problem=f"problem {words}")
    scores = [
        written(passing("good-1"), WrittenSentence(FACT, "verified", FACT), first_token=50.0),
        written(
            missing("bad-1"),
            WrittenSentence(f"said {words}", "repaired", f"text {words}", f"mend {words}"),
            struck,
            WrittenSentence("Not in your notes.", "uncited"),
            notice=f"notice {words}",
        ),
        written(passing("good-2"), struck, model="", notice="It wrote nothing that holds."),
    ]
    own = [passing("good-1"), passing("bad-1"), missing("good-2", f"own {words}")]
    return report(
        scores,
        model=MODEL,
        writing=summarise_writing(scores),
        own=own,
        own_figures=summarise(own),
    )


def empty() -> Report:
    """A run in which nothing was asked."""
    return report([])


def hostile_report() -> Report:
    """A run in which every outside text is hostile, those of the report itself too."""
    scores = [hostile(words, number) for number, words in enumerate(HOSTILE)]
    words = HOSTILE[0]
    return report(
        [*scores, raised("bad-1")],
        golden=f"golden {words}",
        notes=tuple(f"notes {each}" for each in HOSTILE),
        baseline=baseline({s.case.id: True for s in scores}),
    )
