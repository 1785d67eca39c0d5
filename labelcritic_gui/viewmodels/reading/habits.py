"""How a person likes to read, as far as the settings say it. Layer: viewmodels."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Habits:
    """`auto_advance` goes on to the next item by itself, `shuffle_sides` lets chance say which label set stands left.

    `pause_after_min` is how many minutes without a break a reader may read before a pause is suggested; 0 is never.
    `agreed_goes_on` goes on at once when the verdict after a commitment is what the reader said.
    """

    auto_advance: bool = True
    shuffle_sides: bool = False
    pause_after_min: int = 50
    agreed_goes_on: bool = True
