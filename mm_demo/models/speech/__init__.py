"""Sentiment of speech: encoders of the voice and of the words, alone or fused."""
