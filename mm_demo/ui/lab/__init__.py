"""The fusion lab's tab: train strategies side by side, read the table, and put noise on one example."""
