"""What tells whether blocks support a sentence: the signs that are weighed together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from chatbot.grounding.alignment import Alignment
from chatbot.grounding.bindings import misbound
from chatbot.grounding.evidence import Evidence
from chatbot.grounding.exchanges import Fit
from chatbot.grounding.flow import Sort, names_of, read_flow
from chatbot.grounding.measured import other_measures
from chatbot.grounding.opposites import turned_round
from chatbot.grounding.polarity import bent_clauses
from chatbot.grounding.problems import Kind, Problem
from chatbot.grounding.relations import turned_relations
from chatbot.grounding.sentences import Sentence
from chatbot.words import distinct

# How closely each text says what a sentence says: higher is closer.
Likeness = Callable[[str, Sequence[str]], Sequence[float]]
Signs = dict[str, float]
_SUBJECT = 3  # the first content words, which tell what a sentence speaks of


def signs(
    sentence: str,
    claim: Sentence,
    chosen: Sequence[int],
    worst_clause: float,
    alignment: Alignment,
    *,
    relevance: Likeness,
    closeness: Likeness,
) -> tuple[Signs, tuple[Problem, ...]]:
    """The signs by name, and the problems among them.

    `chosen` are the blocks that the sentence is held against, at least one; `worst_clause` is
    the share of its clauses, in [0, 1], that is held least.
    """
    texts = [read for at in chosen for read in alignment.texts[at]]
    contexts = [read for at in chosen for read in alignment.contexts[at]]
    held = alignment.held_by(chosen)
    support = Evidence.of([*texts, *contexts]).support(sentence)
    turned = tuple(turned_round(claim, held))
    problems = (*support.problems, *(Problem(Kind.NEGATION, word) for word in turned))
    kinds = [problem.kind for problem in support.problems]
    values = {
        "held_by_first": alignment.share(claim, chosen[:1]),
        "held": alignment.share(claim, chosen),
        "worst_clause": worst_clause,
        "support": support.score,
        "numbers": float(kinds.count(Kind.NUMBER)),
        "negations": float(kinds.count(Kind.NEGATION)),
        "names": float(kinds.count(Kind.NAME)),
        "turned": float(len(turned)),
        "measures": float(other_measures(claim, [*texts, *contexts])),
        "relations": turned_relations(claim, texts, names_of([claim, *texts])),
        "blocks": float(len(chosen)),
        "words": float(len(claim.content)),
        **bent_clauses(claim, texts, alignment.weight),
        **_of_meaning(sentence, chosen, alignment, relevance, closeness),
        **_of_subjects(claim, chosen[0], alignment),
        **_of_missing(claim, chosen, alignment),
        **_of_places(claim, texts, contexts, chosen, alignment),
    }
    return values, problems


def _of_meaning(
    sentence: str,
    chosen: Sequence[int],
    alignment: Alignment,
    relevance: Likeness,
    closeness: Likeness,
) -> Signs:
    """How the models of meaning see it, for the first block and for all of them."""
    quotables = [alignment.quotables[at] for at in chosen]
    said = [f"{quotable.context}. {quotable.text}" for quotable in quotables]
    texts = distinct([said[0], " ".join(said)])
    return {
        "relevance": max(relevance(sentence, texts)),
        "closeness": max(closeness(sentence, distinct([quotables[0].text, *texts]))),
    }


def _of_subjects(claim: Sentence, first: int, alignment: Alignment) -> Signs:
    """What stands first is what is spoken of: one that the block, or the claim, does not have."""
    total = _weight(claim.stems, alignment) or 1.0
    ours = list(claim.stems)[:_SUBJECT]
    theirs = [stem for text in alignment.texts[first][:1] for stem in list(text.stems)[:_SUBJECT]]
    held = alignment.held(first)
    return {
        "subject_missing": _weight((s for s in ours if s not in held), alignment) / total,
        "subject_other": _weight((s for s in theirs if s not in claim.stems), alignment) / total,
    }


def _of_missing(claim: Sentence, chosen: Sequence[int], alignment: Alignment) -> Signs:
    """What the blocks lack: a word that others hold is said of something else, or taken for it.

    One that none holds may be the writer's own word for what they say.
    """
    total = _weight(claim.stems, alignment) or 1.0
    held = alignment.held_by(chosen)
    missing = [stem for stem in claim.stems if stem not in held]
    others = alignment.others(chosen)
    passages = {alignment.quotables[at].passage for at in chosen}
    beside = alignment.held_by(at for at in others if alignment.quotables[at].passage in passages)
    elsewhere = alignment.held_by(others)

    def share(stems: Iterable[str]) -> float:
        return _weight(stems, alignment) / total

    return {
        "missing": float(len(missing)),
        "longest_missing": float(_longest_run(claim, held)),
        "missing_nowhere": share(s for s in missing if s not in elsewhere),
        "missing_beside": share(s for s in missing if s in beside),
        "missing_elsewhere": share(s for s in missing if s in elsewhere and s not in beside),
        # What one other block adds, and what it holds: the claim may be put together from both.
        "completed": max(
            (share(s for s in missing if s in alignment.held(at)) for at in others), default=0.0
        ),
        "rival": max((alignment.share(claim, [at]) for at in others), default=0.0),
    }


def _of_places(
    claim: Sentence,
    texts: Sequence[Sentence],
    contexts: Sequence[Sentence],
    chosen: Sequence[int],
    alignment: Alignment,
) -> Signs:
    """How the words stand to each other, in the sentence and in the blocks."""
    names = names_of([claim, *texts])
    ours, theirs = read_flow([claim], names), read_flow(texts, names)
    headings = {stem for context in contexts for stem in context.stems}
    held, elsewhere = alignment.held_by(chosen), alignment.held_by(alignment.others(chosen))
    fit = Fit(ours, theirs)
    exchanged = fit.exchanges()
    bound = misbound(ours, theirs, headings, alignment.weight)
    away = {placed.stem for placed in ours}.difference(placed.stem for placed in theirs)
    replaced = list(fit.replaced(away))
    values = {
        "fit": fit.share,
        "order": fit.order(),
        "opposed": fit.opposed(),
        "displaced": fit.displaced(),
        "replaced_unknown": max(
            (r.gain for r in replaced if r.said.stem not in held | elsewhere), default=0.0
        ),
    }
    for sort in Sort:
        name = sort.name.lower()
        values[f"misbound_{name}"] = bound[sort]
        values[f"exchanged_{name}"] = exchanged[sort]
        values[f"replaced_{name}"] = max(
            (r.gain for r in replaced if r.said.sort is sort and r.said.stem in elsewhere),
            default=0.0,
        )
        values[f"away_{name}"] = float(
            len({p.stem for p in ours if p.sort is sort} & (elsewhere - held))
        )
    return values


def _weight(stems: Iterable[str], alignment: Alignment) -> float:
    return sum(map(alignment.weight, stems))


def _longest_run(claim: Sentence, held: Collection[str]) -> int:
    """How many content words in a row no block holds."""
    longest = run = 0
    for word in claim.content:
        run = 0 if word.stem in held else run + 1
        longest = max(longest, run)
    return longest
