"""Faithful and corrupted sentences over our own notes, and how well the judge tells them apart."""
