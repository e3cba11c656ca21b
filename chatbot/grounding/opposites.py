"""Words that say the opposite of each other: what a claim turns round without a "not"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set

from chatbot.grounding.sentences import Sentence
from chatbot.words import stem

_PAIRS = """
    before after, more less, more fewer, most least, increase decrease, increase reduce, raise
    lower, rise fall, grow shrink, high low, higher lower, highest lowest, maximum minimum,
    enable disable, allow deny, allow forbid, allow prevent, permit forbid, accept reject,
    require optional, mandatory optional, must may, always never, always rarely, all none, all
    some, every some, everybody nobody, everyone nobody, first last, earliest latest, early
    late, earlier later, start end, start stop, begin end, open close, fast slow, faster
    slower, fastest slowest, cheap expensive, cheaper dearer, cheapest dearest, large small,
    larger smaller, largest smallest, big small, bigger smaller, long short, longer shorter,
    longest shortest, public private, internal external, inside outside, inner outer, input
    output, import export, upload download, push pull, read write, add remove, create delete,
    attach detach, encrypt decrypt, lock unlock, online offline, synchronous asynchronous,
    automatic manual, automatically manually, static dynamic, temporary permanent, persistent
    ephemeral, fixed variable, mutable immutable, structured unstructured, supervised
    unsupervised, known unknown, common rare, often seldom, often rarely, frequent infrequent,
    frequently rarely, left right, top bottom, up down, above below, over under, upper lower,
    front back, near far, east west, north south, hot cold, warm cold, wet dry, hard soft,
    heavy light, dark light, day night, morning evening, summer winter, spring autumn, male
    female, true false, positive negative, success failure, succeed fail, win lose, strong
    weak, stronger weaker, deep shallow, thick thin, wide narrow, empty full, old new, older
    newer, oldest newest, same different, single multiple, one several, single-use reusable,
    local remote, on-premises cloud, batch real-time, serverless server, managed self-managed,
    horizontal vertical, row column, source destination, source target, sender receiver, client
    server, parent child, with without, include exclude, keep discard, retain discard, safe
    dangerous, cause prevent, simple complex, easy difficult, easier harder, sparse dense,
    homogeneous heterogeneous, forward backward, clockwise anticlockwise, active passive, lossy
    lossless, precision recall, underfit overfit, symmetric asymmetric, linear nonlinear,
    stateless stateful, on off, good bad, good wrong, right wrong, best worst, better worse,
    correct wrong, correct incorrect, gain loss, gain lose, profit loss, buy sell, send
    receive, encode decode, compress decompress, connect disconnect, install uninstall, load
    unload, load save, accelerate slow, speed slow, quick slow, quickly slowly, gradual sudden,
    strict loose, tight loose, clean dirty, rough smooth, sharp blunt, sweet sour, fresh stale,
    raw cooked, melt freeze, heat cool, warm cool, alive dead, young old, rich poor, happy sad,
    love hate, agree disagree, agree refuse, approve reject, win fail, pass fail, work fail,
    master slave, primary secondary, primary replica, major minor, majority minority, general
    specific, general special, abstract concrete, direct indirect, explicit implicit, formal
    informal, official unofficial, legal illegal, valid invalid, visible hidden, present
    absent, presence absence, present past, future past, today yesterday, today tomorrow,
    yesterday tomorrow, ancient modern, legacy modern, exist lack, hold lack, need unnecessary,
    require unnecessary, need optional, compulsory optional, compulsory voluntary, free paid,
    occupied free, busy idle, running stopped, start finish, begin finish, begin stop, continue
    stop, resume pause, appear disappear, arrive leave, enter leave, enter exit, join leave,
    stay leave, remain change, constant variable, constant changing, stable unstable, regular
    irregular, increase drop, increase lower, increase fall, grow fall, improve worsen, improve
    degrade, help hinder, support prevent, allow block, allow prohibit, permit prohibit, enable
    prevent, accept refuse, include omit, keep delete, keep remove, keep lose, store delete,
    save delete, save waste, spend save, expand shrink, expand contract, widen narrow, lengthen
    shorten, extend shorten, raise reduce, rise drop, ascend descend, ascending descending,
    minimize maximize, minimal maximal, majority none, plenty scarce, abundant scarce, many
    few, much little, entire partial, whole part, complete partial, complete incomplete, full
    partial, together apart, together separately, joint separate, shared separate, shared
    private, shared dedicated, common separate, same separate, same other, identical different,
    similar different, equal unequal, single double, single dual, single several, single many,
    single shared, individual shared, unique duplicate, unique common, original copy, long-term
    short-term, always sometimes, often never, usually never, usually rarely, normally rarely,
    sometimes never, everything nothing, everywhere nowhere, anybody nobody, both neither,
    either neither, over below, within outside, within beyond, inside beyond, before during, by
    after, until after, ahead behind, forward behind, past ahead, upstream downstream, frontend
    backend, producer consumer, teacher student, cause effect, theory practice, inhale exhale,
    lead follow, leader follower, attack defend, friend enemy, advantage disadvantage, benefit
    drawback, pro con, strength weakness, reward punishment, supply demand, credit debit, lend
    borrow, rent own, even odd, concave convex, acid base, liquid solid, solid gas, boil
    freeze, absorb emit, attract repel, evaporate condense, oxidise reduce, synchronous async,
    eager lazy, greedy lazy, mutable constant, read-only writable, readable unreadable,
    encrypted plain, encrypted unencrypted, labelled unlabelled, labeled unlabeled, trusted
    untrusted, known unclear, clear unclear, certain uncertain, sure unsure, likely unlikely,
    possible impossible, able unable, fair unfair, equal different, necessary unnecessary,
    useful useless, careful careless, harmful harmless, wireless wired, cordless corded,
    gluten-free gluten
"""


def _read_pairs() -> dict[str, frozenset[str]]:
    table: defaultdict[str, set[str]] = defaultdict(set)
    for pair in _PAIRS.replace("\n", " ").split(","):
        one, other = (stem(word) for word in pair.split())
        table[one].add(other)
        table[other].add(one)
    return {word: frozenset(others) for word, others in table.items()}


_OPPOSITES = _read_pairs()
_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis")


def opposites_of(word: str) -> frozenset[str]:
    """The stems that say the opposite of this one."""
    return _OPPOSITES.get(word, frozenset())


def turned_round(claim: Sentence, held: Set[str]) -> Iterator[str]:
    """The words of a claim that the passage does not hold, and whose opposite it does.

    `held` are the stems of the passage.
    """
    for word in claim.words:
        if word.stem in held:
            continue
        bare = next((word.folded[len(p) :] for p in _PREFIXES if word.folded.startswith(p)), "")
        is_negated = len(bare) > 3 and stem(bare) in held
        negates = len(word.folded) > 3 and any(stem(p + word.folded) in held for p in _PREFIXES)
        if is_negated or negates or not opposites_of(word.stem).isdisjoint(held):
            yield word.surface
