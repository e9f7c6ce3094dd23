"""What a comparison found, as data, as sentences and as files."""
