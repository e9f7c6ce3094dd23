"""The generated picture world: objects, drawing, layout, language, ground truth."""

from mm_demo.scenes.make import Split, make_scene
from mm_demo.scenes.truth import COLORS, HELD_OUT_PAIRS, KINDS, SIZES, Scene, SceneObject

__all__ = ["COLORS", "HELD_OUT_PAIRS", "KINDS", "SIZES", "Scene", "SceneObject", "Split", "make_scene"]
