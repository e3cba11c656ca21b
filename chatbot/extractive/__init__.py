"""Answers composed from the notes' own words, one module for each form an answer takes."""
