"""How people type: capitals, a question mark or none, politeness, typos."""

from __future__ import annotations

from random import Random

BEFORE = ("please tell me ", "tell me ", "hey ", "so ", "ok ", "please ", "can you tell me ", "i wonder ", "and ")
AFTER = (" please", " here", " now", " in this picture", " in this drawing", " exactly", " thanks")
_ENDINGS = ("", "", "n", "r", "s", "t", "l", "ck", "ng", "ly", "my")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def vary(text: str, rng: Random, typos: float = 0.25, strangers: float = 0.0) -> str:
    """The question as someone might type it.

    Args:
        text: as the askers make it.
        rng: makes the choices.
        typos: the chance that one of its words is misspelt.
        strangers: the chance that a made-up word stands before, behind or within it.
    """
    if rng.random() < typos:
        text = misspell(text, rng)
    if strangers and rng.random() < strangers:
        words = text.split(" ")
        words.insert(rng.choice((0, len(words), rng.randrange(len(words) + 1))), invented(rng))
        text = " ".join(words)
    pick = rng.random()
    if pick < 0.06:
        text = rng.choice(BEFORE) + text
    elif pick < 0.12:
        text = text + rng.choice(AFTER)
    if rng.random() < 0.75:
        text += " ?" if rng.random() < 0.1 else "?"
    elif rng.random() < 0.2:
        text += "."
    return text[0].upper() + text[1:] if rng.random() < 0.5 else text


def invented(rng: Random) -> str:
    """A word that means nothing, of one to three syllables."""
    return "".join(
        rng.choice("bcdfghjklmnprstvwyz") + rng.choice(("a", "e", "i", "o", "u", "ee", "ou")) + rng.choice(_ENDINGS)
        for _ in range(rng.randint(1, 3))
    )


def misspell(text: str, rng: Random) -> str:
    """One word of four letters or more with a letter doubled, dropped, swapped with the next, or mistaken."""
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= 4]
    if not long:
        return text
    at = rng.choice(long)
    word = words[at]
    i = rng.randrange(1, len(word) - 1)
    how = rng.randrange(4)
    if how == 0:
        word = word[:i] + word[i] + word[i:]
    elif how == 1:
        word = word[:i] + word[i + 1 :]
    elif how == 2:
        word = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    else:
        word = word[:i] + rng.choice(_LETTERS) + word[i + 1 :]
    words[at] = word
    return " ".join(words)
