"""Trains the fusion of voice and words on constructed pairs."""
