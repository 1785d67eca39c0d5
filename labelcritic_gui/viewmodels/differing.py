"""Ways to see two masks against each other: overlay, blink, swipe. One at a time. Layer: viewmodels."""

from labelcritic_gui.viewmodels.looking import Looking

MIDDLE = 0.5
DIVIDER_STEP = 0.02
"""Share of the width by which a key moves the divider."""


def toggle_difference(looking: Looking) -> None:
    """Colour what only one of the first two claims, or show each mask as it is."""
    looking.swipe, looking.blink = None, 0
    looking.show_difference(not looking.difference and _panels(looking) > 1)


def toggle_swipe(looking: Looking) -> None:
    """Lay the first two over each other with a divider between them, or beside each other as usual."""
    looking.difference, looking.blink = False, 0
    looking.show_swipe(MIDDLE if looking.swipe is None and _panels(looking) > 1 else None)


def move_divider(looking: Looking, steps: int) -> None:
    """Move the divider; where there is none, put one in the middle."""
    if looking.swipe is None:
        toggle_swipe(looking)
    else:
        looking.show_swipe(looking.swipe + steps * DIVIDER_STEP)


def blink(looking: Looking) -> None:
    """Show the mask of the next panel in each panel; after the last one, its own again."""
    count = _panels(looking)
    looking.difference, looking.swipe = False, None
    looking.shift_masks((looking.blink + 1) % count if count > 1 else 0)


def plain(looking: Looking) -> bool:
    """Show every mask in its own panel, as it is; say whether that is a change."""
    was = looking.difference or looking.swipe is not None or looking.blink != 0
    if was:
        looking.difference, looking.swipe, looking.blink = False, None, 0
        looking.tell()
    return was


def _panels(looking: Looking) -> int:
    return len(looking.stage.panels) if looking.stage is not None else 0
