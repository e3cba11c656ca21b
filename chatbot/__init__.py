"""From a question to an answer whose every sentence is cited."""
