"""Pictures by another hand: the same kinds and colours as the training world, drawn independently of it."""
