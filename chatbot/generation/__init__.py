"""An answer worded by a chat model, and nothing of it that the notes do not hold."""
