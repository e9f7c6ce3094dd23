"""Evidence on the page: whether a map is true of this model on this input, and asking again without a part of it."""
