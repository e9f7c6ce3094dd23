"""The search tab: galleries, queries, hits, why a hit matched, and texts beside pictures."""
