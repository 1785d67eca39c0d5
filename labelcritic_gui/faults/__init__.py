"""Controlled errors: known faults planted in trusted masks, from a recipe or from a sentence."""
