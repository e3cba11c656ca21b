"""How good the answers are and how long they take: measured, never asserted."""
