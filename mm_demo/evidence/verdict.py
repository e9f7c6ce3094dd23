"""One line that says whether a map is true of this model on this input, with the numbers that say so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mm_demo.evidence.deletion import FIFTH, Evidence, ranked

Kind = Literal["supported", "unsupported", "unclear"]

LEVEL = 0.05
"""How often a map without any meaning may be called supported."""
FEW = 20
"""With fewer elements than this, luck alone exceeds `LEVEL` where one of them carries the answer."""
TOO_FEW = 4
"""With fewer than this a guess is right too often for any verdict."""
STILL_PROBABILITY, STILL_SCORE = 0.05, 0.02
"""An answer that never moves by more than this does not rest on the input: a difference, and a share of the score."""
_NAMED = 3


@dataclass(frozen=True)
class Verdict:
    """What the evidence says.

    Attributes:
        kind: "unclear" also while the evidence is incomplete.
        sentence: for a person; plain text that holds words of the input, so escape it before it becomes HTML.
        full: score of the whole input.
        without_first_fifth: score without the fifth that the map marks most, at least one element.
        random_mean: mean score without a random fifth; NaN while there is none.
        random_sd: its standard deviation.
        percentile: share of random orders with a lower relevance gain, 0…1.
        luck: how probable so high a gain is for a map without meaning, 0…1; NaN while there is nothing to compare.
    """

    kind: Kind
    sentence: str
    full: float
    without_first_fifth: float
    random_mean: float
    random_sd: float
    percentile: float
    luck: float


def judge(evidence: Evidence) -> Verdict:
    """Calls a map supported, unsupported, or unclear.

    The null hypothesis is that the map's order is a random one. Reversing an order turns the sign of its symmetric
    relevance gain, so N random orders give 2N draws, and whatever the model, the map's gain is the largest of all with
    probability 1 / (2N + 2): `luck` is that of a rank test, exact and free of any assumption about the distribution.

    - **supported**: luck ≤ 5 % (10 orders: no random order, and no reverse of one, gains as much), *and* the sentence
      shows it: the answer without the map's first fifth lies more than a standard deviation below the answer without
      a random fifth; or, where an answer needs so much that any fifth breaks it, or so little that it outlives that,
      the same with the first fifth alone (above instead), or without the first half.
    - **unclear**: nothing that was removed moved the answer; or there are fewer than 4 elements; or too few random
      orders for 5 %.
    - **unsupported**: anything else.

    With fewer than 20 elements (a question's words) a random order begins with the one word that counts more often
    than in 5 % of cases, so no rule could hold 5 % and still support a perfect map. There luck may be up to 2.5 / n,
    the removal of the first fifth alone must show it, and the sentence names the luck; a shuffled map then passes
    about as often as it happens to be right.
    """
    mean, sd = _spread(evidence.random[:, :, _step(evidence, FIFTH)])
    views = [_without(evidence, FIFTH)]
    if _elements(evidence) >= FEW:
        views += [_alone(evidence, FIFTH), _without(evidence, 0.5)]
    shown = next((view for view in views if view.visible), None)
    luck = _luck(evidence.srg, evidence.random_srgs)
    kind, conclusion = _conclude(evidence, luck, shown is not None)
    said = _insensitive(evidence) if evidence.complete and _still(evidence) else _measured(evidence, shown or views[0])
    return Verdict(
        kind,
        said + conclusion,
        float(evidence.first[0]),
        views[0].score,
        mean,
        sd,
        evidence.percentile,
        luck,
    )


@dataclass(frozen=True)
class _View:
    """One way to put the curves in numbers: what was done, what random orders are called, and what came of both."""

    action: str
    others: str
    score: float
    random_mean: float
    random_sd: float
    visible: bool


def _without(evidence: Evidence, share: float) -> _View:
    step = _step(evidence, share)
    mean, sd = _spread(evidence.random[:, :, step])
    score = float(evidence.first[step])
    what, others = _names(evidence, step)
    return _View(f"Removing {what}", others, score, mean, sd, score < mean - sd)


def _alone(evidence: Evidence, share: float) -> _View:
    step = _step(evidence, 1 - share)
    mean, sd = _spread(evidence.random[:, :, step])
    score = float(evidence.last[step])
    what, others = _names(evidence, _step(evidence, share))
    return _View(f"Keeping only {what}", others, score, mean, sd, score > mean + sd)


def _spread(scores: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation over random orders and their reverses, which are as random; NaN without any."""
    return (float(scores.mean()), float(scores.std())) if scores.size else (float("nan"), float("nan"))


def _conclude(evidence: Evidence, luck: float, visible: bool) -> tuple[Kind, str]:
    elements, orders = _elements(evidence), len(evidence.random)
    if not evidence.complete:
        return "unclear", "; comparing with random ones …"
    if _still(evidence):
        return "unclear", ""
    if elements < TOO_FEW:
        return "unclear", ". There is too little to remove to tell a true map from a lucky one."
    if 1 / (2 * orders + 2) > LEVEL:
        return "unclear", ". Too few random orders were tried to tell a true map from a lucky one."
    if luck <= LEVEL and visible:
        return "supported", ". This map is supported."
    if elements < FEW and luck <= 2.5 / elements and visible:
        return (
            "supported",
            f". This map is supported, though with so few parts luck does as well in {100 * luck:.0f} % of cases.",
        )
    if _luck(-evidence.srg, evidence.random_srgs) <= LEVEL:
        return "unsupported", ". That is worse than random: do not trust this map."
    if visible:
        return (
            "unsupported",
            f". Yet luck alone orders it as well in {100 * luck:.0f} % of cases: do not trust this map.",
        )
    return "unsupported", ". That is no better than random: do not trust this map."


def _luck(gain: float, random: np.ndarray) -> float:
    if not len(random):
        return float("nan")
    others = np.concatenate([random, -random])
    equal = np.isclose(others, gain, rtol=1e-6, atol=1e-9)
    return float((1 + np.sum((others > gain) & ~equal) + np.sum(equal) / 2) / (len(others) + 2))


def _still(evidence: Evidence) -> bool:
    """Whether no removal moved the answer."""
    scores = np.concatenate([evidence.first, evidence.last, evidence.random.ravel()])
    if evidence.probe.unit == "probability":
        return float(np.ptp(scores)) <= STILL_PROBABILITY
    return float(np.ptp(scores)) <= STILL_SCORE * float(np.abs(scores).max())


def _step(evidence: Evidence, share: float) -> int:
    return max(1, int(np.argmin(np.abs(evidence.fractions - share))))


def _elements(evidence: Evidence) -> int:
    return len(evidence.probe.relevance)


def _measured(evidence: Evidence, view: _View) -> str:
    before, after = _plain(evidence.first[0]), _plain(view.score)
    answer = f"“{evidence.probe.answer}”"
    if before == after:
        change = f"leaves {answer} at {after}"
    else:
        change = f"{'drops' if view.score < evidence.first[0] else 'raises'} {answer} from {before} to {after}"
    beside = f"; {view.others}: {_plain(view.random_mean)} ± {_plain(view.random_sd)}" if len(evidence.random) else ""
    return f"{view.action} {change}{beside}"


def _names(evidence: Evidence, step: int) -> tuple[str, str]:
    """What stands first in the map's order up to this step, and what random orders have in its place."""
    probe = evidence.probe
    share = "half" if evidence.fractions[step] > 0.35 else "fifth"
    if probe.part == "image":
        return f"the brightest {share} of the picture", "random halves" if share == "half" else "random fifths"
    if probe.part == "audio":
        return f"the strongest {share} of the recording", "random halves" if share == "half" else "random fifths"
    count = round(float(evidence.fractions[step]) * _elements(evidence))
    names = [f"“{probe.labels[i].strip()}”" for i in ranked(probe.relevance)[: min(count, _NAMED)]]
    if count == 1:
        return f"the strongest word {names[0]}", "random words"
    more = " …" if count > _NAMED else ""
    return f"the strongest {count} words {', '.join(names)}{more}", f"{count} random words"


def _insensitive(evidence: Evidence) -> str:
    thing = {"image": "picture", "text": "text", "audio": "recording"}[evidence.probe.part]
    full, none = _plain(evidence.first[0]), _plain(evidence.first[-1])
    return (
        f"Whatever is removed from the {thing}, “{evidence.probe.answer}” stays: {full} with all of it, {none} with "
        "none. The model answers the same without it, so no map of it can be checked."
    )


def _plain(value: float) -> str:
    said = f"{abs(value):.2f}"
    return f"−{said}" if value < 0 and said != "0.00" else said
