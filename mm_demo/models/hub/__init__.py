"""Models of the Hugging Face hub: which are in its cache, and how one is brought there."""
