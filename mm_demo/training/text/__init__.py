"""The embedded text model: a small BERT that learns the sentiment of sentences from nothing but labelled sentences."""
