"""Models on the page: which there are, getting them, and choosing one for a task."""
