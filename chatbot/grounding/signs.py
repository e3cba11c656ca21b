"""What tells whether a block supports a sentence: the signs that are weighed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from chatbot.grounding.alignment import Alignment
from chatbot.grounding.evidence import Evidence
from chatbot.grounding.opposites import turned_round
from chatbot.grounding.problems import Kind, Problem
from chatbot.grounding.sentences import Sentence

# How closely each text says what a sentence says: higher is closer.
Likeness = Callable[[str, Sequence[str]], Sequence[float]]


def signs(
    sentence: str,
    claim: Sentence,
    chosen: Sequence[int],
    alignment: Alignment,
    *,
    relevance: Likeness,
    closeness: Likeness,
) -> tuple[dict[str, float], tuple[Problem, ...]]:
    """The signs by name, and the problems among them.

    `chosen` are the blocks that the sentence is held against, at least one.
    """
    quotables = [alignment.quotables[at] for at in chosen]
    first = quotables[0]
    evidence = Evidence([text for q in quotables for text in (q.text, q.context) if text])
    support = evidence.support(sentence)
    held = frozenset[str]().union(*(alignment.held(at) for at in chosen))
    turned = tuple(turned_round(claim, held))
    problems = (
        *support.problems,
        *(Problem(Kind.NEGATION, word, "") for word in turned),
    )
    kinds = [problem.kind for problem in support.problems]
    whole = " ".join(f"{q.context}. {q.text}" for q in quotables)
    missing = [word for word in claim.content if word.stem not in held]
    weights = {word.stem: alignment.weight(word.stem) for word in claim.content}
    total = sum(weights.values()) or 1.0
    pairs = list(pairwise(word.stem for word in claim.content))
    return {
        "held_by_first": alignment.share(claim, chosen[:1]),
        "held": alignment.share(claim, chosen),
        "support": support.score,
        "numbers": float(kinds.count(Kind.NUMBER)),
        "negations": float(kinds.count(Kind.NEGATION)),
        "names": float(kinds.count(Kind.NAME)),
        "turned": float(len(turned)),
        "missing": float(len({word.stem for word in missing})),
        "missing_weight": sum({w.stem: weights[w.stem] for w in missing}.values()) / total,
        "longest_missing": float(_longest_run(claim, held)),
        "pairs": sum(one in held and other in held for one, other in pairs) / max(1, len(pairs)),
        "blocks": float(len(chosen)),
        "one_thought": float(len({q.thought for q in quotables}) == 1),
        "relevance": max(relevance(sentence, [f"{first.context}. {first.text}", whole])),
        "closeness": max(
            closeness(sentence, [first.text, f"{first.context}. {first.text}", whole])
        ),
        "words": float(len(claim.content)),
    }, problems


def _longest_run(claim: Sentence, held: frozenset[str]) -> int:
    """How many content words in a row no block holds."""
    longest = run = 0
    for word in claim.content:
        run = 0 if word.stem in held else run + 1
        longest = max(longest, run)
    return longest
