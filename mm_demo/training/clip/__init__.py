"""Trains the two embedded CLIP checkpoints, with the contrastive and with the triplet loss."""
