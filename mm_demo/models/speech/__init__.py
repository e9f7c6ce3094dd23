"""Sentiment of speech: encoders of the voice and of the words, alone or fused."""

RATE = 16_000
"""Samples a second of every sound that a model is given."""
