"""How well a sentence is supported by the passages it cites, told from the words alone.

Two things are looked at, because each is blind to what the other sees.

*Coverage* is how much of the sentence the passages hold, the mean of two shares:

- of its words, by stem: k-precision (Adlakha et al., "Evaluating Correctness and Faithfulness
  of Instruction-Following Models for Question Answering", TACL 2024), each word weighted by its
  inverse document frequency (Spärck Jones, Journal of Documentation, 1972) over the sentences
  of the passages, so that a rare word, or one that they lack, weighs more than "the";
- of its neighbours: two content words next to each other that stand near each other in a
  passage, in either order (skip-bigrams, as in ROUGE-S: Lin, 2004). A sentence made of the
  passages' words that is not what they say shares the words and not the pairs.

A paraphrase need not repeat every word: a coverage of `FULL` is full support.

*Problems* are what coverage hardly moves for: a number that no passage holds, a negation put
in or left out, a name from elsewhere. Each kind is looked for by itself, and cuts the score.

Nothing here knows what words mean. A sentence that is right in other words scores low, and one
that joins the passages' words to a new claim may score high. A number that the passages say of
something else is noticed only where the sentences most like the claim have another of its kind.

`units`, `numerals`, `tokens`, `quantities`, `denials` and `sentences` read a text; `claims` tells
what of it needs support. `coverage`, `known_numbers`, `known_names` and `contradictions` hold a
claim against the passages; `evidence` makes one score of what they find, in the values of
`problems`. `replies` reads what a model wrote: which sentence cites which passages.
"""

from chatbot.grounding.claims import claims_nothing
from chatbot.grounding.evidence import FULL, NO_CLAIM, THIN, Evidence, groundedness, support
from chatbot.grounding.problems import Kind, Problem, Support

__all__ = [
    "FULL",
    "NO_CLAIM",
    "THIN",
    "Evidence",
    "Kind",
    "Problem",
    "Support",
    "claims_nothing",
    "groundedness",
    "support",
]
