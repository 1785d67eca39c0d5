"""How many tokens pictures take, by model family, and whether a server saw the pictures it was sent. Layer: critic.

A server that loses a picture answers all the same. Measured against vLLM 0.32: a side is rounded to a multiple of the
grid, a square of the grid is one token, and at least four are used; a server may shrink what exceeds its `max_pixels`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, sqrt

Size = tuple[int, int]
LEAST_TOKENS = 4
WRAPPING = 2
"""Tokens that a model may add around each picture."""
USUAL_CAP = 1024
"""No server is expected to shrink a picture of so few tokens, nor a larger one to less than half of it."""
USUAL_LEAST = 256
"""No server is expected to enlarge a picture of so many tokens."""


@dataclass(frozen=True, slots=True)
class Family:
    """Models that cut pictures alike: `grid` is a token's side in pixels."""

    name: str
    grid: int

    def tokens(self, size: Size, cap: int | None = None) -> int:
        """Return the tokens of a picture (width, height); `cap` is the most a server uses for one, None for no cap."""
        width, height = (max(1, round(side / self.grid)) for side in size)
        if cap is not None and width * height > cap:
            shrink = sqrt(size[0] * size[1] / (cap * self.grid**2))
            width, height = (max(1, floor(side / shrink / self.grid)) for side in size)
        return max(LEAST_TOKENS, width * height)


QWEN2_VL = Family("Qwen2-VL or Qwen2.5-VL", 28)
QWEN3_VL = Family("Qwen3-VL", 32)
_NAMES: Mapping[str, Family] = {
    "qwen2vl": QWEN2_VL,
    "qwen25vl": QWEN2_VL,
    "qwen2omni": QWEN2_VL,
    "qwen25omni": QWEN2_VL,
    "qwen3vl": QWEN3_VL,
    "qwen3omni": QWEN3_VL,
}


def family_of(*names: str) -> Family | None:
    """Return the family that a model's names (as served, or of its weights) tell of; None for an unknown one."""
    for name in names:
        bare = "".join(c for c in name.lower() if c.isalnum())
        for mark, family in _NAMES.items():
            if mark in bare:
                return family
    return None


def fault_of_pictures(
    sizes: Sequence[Size],
    family: Family | None,
    *,
    image_tokens: int | None,
    prompt_tokens: int,
    known: Mapping[Size, int] | None = None,
) -> str:
    """Say what is wrong with the tokens a server used for pictures of these sizes; empty when nothing is, or unknown.

    `image_tokens` is what it says it used, None when it does not say; `known` has sizes whose tokens were seen when
    they were sent alone. An unknown family is not checked, and neither is a server that counts nothing.
    """
    if family is None or not sizes or not prompt_tokens:
        return ""
    seen = known or {}
    needed = [seen.get(size, family.tokens(size)) for size in sizes]
    # a server may have been started to shrink large pictures, and to enlarge small ones, as was not seen yet
    least = [n if size in seen or n <= USUAL_CAP else USUAL_CAP // 2 for n, size in zip(needed, sizes, strict=True)]
    most = [n if size in seen else max(n, USUAL_LEAST) for n, size in zip(needed, sizes, strict=True)]
    shown = f"{len(sizes)} picture{'s' if len(sizes) > 1 else ''}"
    if image_tokens is None:
        fewer = prompt_tokens < sum(least)
        return f"The prompt took {prompt_tokens} tokens, and its {shown} alone need {sum(least)}." if fewer else ""
    used = f"The server used {image_tokens} tokens for {shown} that need {sum(needed)}"
    one_fewer = sum(least) - max(least) + WRAPPING * (len(sizes) - 1)
    if image_tokens <= one_fewer or (image_tokens < sum(needed) and all(size in seen for size in sizes)):
        return f"{used}: one was lost, or shrunk beyond use."
    if image_tokens > sum(most) + WRAPPING * len(sizes):
        return f"{used}: it saw more than it was sent."
    if prompt_tokens < image_tokens:
        return f"The prompt took {prompt_tokens} tokens, fewer than the {image_tokens} of its pictures."
    return ""
