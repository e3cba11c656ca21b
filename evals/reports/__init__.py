"""A run, written down: for machines, for reviews, for CI, and to look at."""
