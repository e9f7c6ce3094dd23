"""Pictures and texts in one space: the losses that bring them there."""
