"""Vary a mask as sound models differ: no error, only another hand. Layer: faults."""

import numpy as np

from labelcritic_gui.core.geometry import Mask
from labelcritic_gui.faults.space import Field, near, patch_of

_SMALL_PATCH = 600_000
"""Voxels up to which distances are affordable; larger masks are thick enough for a blurred surface."""


def vary(mask: Mask, rng: np.random.Generator, *, dice: float | None = None) -> Mask:
    """Return the mask as another sound model would draw it: its boundary moved smoothly in and out.

    `dice` is the overlap aimed at; None draws one of .94 to .98. An empty mask stays empty.
    """
    if mask.is_empty:
        return mask
    goal = float(rng.uniform(0.94, 0.98)) if dice is None else dice
    return _jittered(mask, rng, goal=goal)


def _jittered(mask: Mask, rng: np.random.Generator, *, goal: float) -> Mask:
    """Move the boundary smoothly in and out until the Dice coefficient with the mask is about `goal`."""
    spacing = mask.geometry.spacing
    patch = patch_of(mask, margin_mm=3.5 * max(spacing))
    small = patch.inside.size < _SMALL_PATCH
    if small:
        half, limit = 0.5 * patch.step, 2.5 * patch.step
        depth = near(~patch.inside, spacing, limit=limit) - np.float32(half)
        signed: Field = np.where(patch.inside, depth, np.float32(half) - near(patch.inside, spacing, limit=limit))
        field = signed / np.float32(4.0 * patch.step)
    else:
        from scipy import ndimage

        soft = ndimage.gaussian_filter(patch.inside.astype(np.float32), 1.3, truncate=3.0)
        field = np.asarray(soft, dtype=np.float32) - np.float32(0.5)
    ripples = patch.ripples(rng, wave=float(rng.uniform(14, 26)))
    ripples += np.float32(rng.normal(0, 0.35))  # A model draws all a little large, or a little small.
    low, high, count = 0.0, 1.0 if small else 0.45, mask.count
    after = patch.inside
    for _ in range(7):
        amount = (low + high) / 2
        after = field + np.clip(ripples * np.float32(amount), -0.44, 0.44) > 0
        drawn = int(np.count_nonzero(after))
        both = 2.0 * int(np.count_nonzero(after & patch.inside)) / max(count + drawn, 1)
        low, high = (amount, high) if both > goal else (low, amount)
    return patch.mask(after) if after.any() else mask
