"""Procedural anatomy and planted faults for demonstrations and tests; no critic may import it."""
