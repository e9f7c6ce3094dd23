"""The speech tab: recording and live mode, the sound view, and what the answer looks like."""
