"""Public data sets, measured where they lie: nothing of them is copied or downloaded."""
