"""Whether voice and words say the same, in one plain sentence."""

from __future__ import annotations

from collections.abc import Mapping

from mm_demo.models.speech.family import SpeechModality

CLEAR = 0.5
"""From this probability on, 0…1, a modality leans clearly to its first sentiment: it outweighs the two others."""

_SOUNDS = {"audio": "the voice sounds", "text": "the words are"}
_DECIDED = {"audio": "The voice", "text": "The words"}

Opinions = Mapping[SpeechModality, Mapping[str, float]]


def disagree(unimodal: Opinions) -> bool:
    """True where voice and words are both given and each leans clearly to another sentiment."""
    tops = [_top(opinion) for opinion in unimodal.values()]
    return len(tops) > 1 and len({name for name, _ in tops}) > 1 and all(p >= CLEAR for _, p in tops)


def remark(unimodal: Opinions, weights: Mapping[SpeechModality, float]) -> str:
    """How the two relate; "" where only one is given.

    Args:
        unimodal: each given modality's own probabilities, 0…1.
        weights: how much each counted in the fused answer, 0…1.
    """
    if len(unimodal) < 2:
        return ""
    tops = {name: _top(opinion) for name, opinion in unimodal.items()}
    heavier = max(weights, key=weights.__getitem__)
    decided = f"{_DECIDED[heavier]} counted for {100 * weights[heavier]:.0f} % of the answer."
    said = [f"{_SOUNDS[name]} {sentiment} ({100 * p:.0f} %)" for name, (sentiment, p) in tops.items()]
    if disagree(unimodal):
        return f"Voice and words disagree: {said[0]}, {said[1]}. {decided}"
    unclear = [name for name, (_, p) in tops.items() if p < CLEAR]
    if len(unclear) == 2:
        return f"Neither the voice nor the words are clear. {decided}"
    if unclear:
        clear = next(name for name in tops if name not in unclear)
        which = "voice is" if unclear[0] == "audio" else "words are"
        return f"The {which} unclear; {_SOUNDS[clear]} {tops[clear][0]} ({100 * tops[clear][1]:.0f} %). {decided}"
    return f"Voice and words agree: both are {tops['audio'][0]}. {decided}"


def _top(opinion: Mapping[str, float]) -> tuple[str, float]:
    return max(opinion.items(), key=lambda entry: entry[1])
