"""What a planted error may know of a case: the image and its trusted masks. Layer: faults."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from labelcritic_gui.core.geometry import Mask, Volume, require_fit
from labelcritic_gui.faults.kinds import CannotPlantError


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """A case with known truth: the CT, the trusted masks by structure name, and who is whose other side.

    `pairs` maps a structure to its counterpart (kidney_left to kidney_right), whether or not that has a mask.
    """

    volume: Volume
    masks: Mapping[str, Mask]
    pairs: Mapping[str, str] = field(default_factory=dict)

    def truth(self, structure: str) -> Mask:
        """Return a structure's trusted mask.

        Raises CannotPlantError without one or when it is empty, and GeometryMismatchError when it lies on another grid
        than the image.
        """
        mask = self.masks.get(structure)
        if mask is None:
            raise CannotPlantError(f"This case has no trusted label of {shown(structure)}.", f"It has {self.listed()}.")
        if mask.is_empty:
            raise CannotPlantError(
                "No error can be planted in an empty mask.", "Plant it in a structure that is there."
            )
        require_fit(self.volume.geometry, mask.geometry, name=f"The label of {shown(structure)}")
        return mask

    def others(self, structure: str) -> dict[str, Mask]:
        """Return all other masks that are not empty, by name in sorted order."""
        return {n: self.masks[n] for n in sorted(self.masks) if n != structure and not self.masks[n].is_empty}

    def counterpart(self, structure: str) -> Mask | None:
        """Return the trusted mask of the structure's other side, None without one."""
        mask = self.masks.get(self.pairs.get(structure, ""))
        return None if mask is None or mask.is_empty else mask

    def with_mask(self, structure: str, mask: Mask) -> "Scene":
        """Return the scene with another mask in a structure's place."""
        return replace(self, masks={**self.masks, structure: mask})

    def listed(self) -> str:
        """Name the structures that are there, in words."""
        names = [shown(n) for n in sorted(self.masks) if not self.masks[n].is_empty]
        more = f" and {len(names) - 12} more" if len(names) > 12 else ""
        return (", ".join(names[:12]) + more) or "none at all"


def shown(structure: str) -> str:
    """Return a structure's name as a reader says it, its side first: kidney_left is "left kidney"."""
    words = structure.split("_")
    if len(words) > 1 and words[-1] in ("left", "right"):
        words = [words[-1], *words[:-1]]
    return " ".join(words)
