"""The words of the picture world: names with their synonyms, plurals, places and relations."""

from __future__ import annotations

from mm_demo.scenes.truth import COLORS, KINDS

KIND_WORDS: dict[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in KINDS},
    "circle": ("circle", "circle", "circle", "ball", "disc"),
    "square": ("square", "square", "square", "box"),
    "cross": ("cross", "cross", "plus", "plus sign"),
    "moon": ("moon", "moon", "moon", "crescent"),
    "house": ("house", "house", "house", "home", "building"),
    "car": ("car", "car", "car", "automobile", "vehicle"),
    "boat": ("boat", "boat", "boat", "ship", "sailboat"),
    "flower": ("flower", "flower", "flower", "blossom"),
    "cup": ("cup", "cup", "cup", "mug"),
    "umbrella": ("umbrella", "umbrella", "umbrella", "parasol"),
}
"""What people call each kind; the first is the name that answers use, repeated where it is the commonest."""

COLOR_WORDS: dict[str, tuple[str, ...]] = {
    **{color: (color,) for color in COLORS},
    "purple": ("purple", "purple", "purple", "violet"),
}

THING_WORDS = ("object", "object", "thing", "shape", "item", "one")

STRANGERS = (
    "dog", "cat", "person", "man", "woman", "horse", "bird", "train", "bicycle", "banana", "apple", "chair", "table",
    "airplane", "elephant", "clock", "book", "pizza", "bottle", "giraffe", "bus", "computer", "phone", "cake", "sheep",
    "rabbit", "lamp", "guitar", "shoe", "hat", "key", "spoon", "bridge", "dragon", "robot", "snake",
)  # fmt: skip
"""Things that are never in a picture, to ask after all the same."""

_IRREGULAR = {"fish": "fish", "cross": "crosses", "box": "boxes", "plus": "pluses", "bus": "buses", "person": "people",
              "man": "men", "woman": "women", "sheep": "sheep"}  # fmt: skip

COUNT_WORDS = ("zero", "one", "two", "three", "four", "five")

RELATIONS: dict[str, tuple[str, ...]] = {
    "left": ("left of", "to the left of", "on the left of", "on the left side of"),
    "right": ("right of", "to the right of", "on the right of", "on the right side of"),
    "above": ("above", "over", "on top of", "higher than"),
    "below": ("below", "under", "beneath", "underneath", "lower than"),
}


def plural(word: str) -> str:
    """The plural of a thing's name; of several words the last one's."""
    head, _, last = word.rpartition(" ")
    many = _IRREGULAR.get(last) or last + "s"
    return f"{head} {many}" if head else many


def article(word: str) -> str:
    """ "a" or "an", by the first letter."""
    return "an" if word[0] in "aeiou" else "a"
