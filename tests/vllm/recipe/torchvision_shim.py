"""Lets a torchvision without its compiled part be imported, as Qwen's picture processors do.

PyPI's torchvision is built for CUDA: beside a CPU torch its library cannot be loaded, so that the operators it would
have brought are missing, and torchvision's own module of shapes fails on `operator torchvision::nms does not exist`.
The two operators it asks for are declared, never implemented, just before torchvision is first imported. Nothing here
calls them. Put on the path by a .pth file of vLLM's own environment; never part of the program's.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

OPERATORS = ("nms", "qnms")
SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class _BeforeTorchvision(MetaPathFinder):
    """Finds nothing; declares the operators when torchvision is looked for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname == "torchvision":
            sys.meta_path.remove(self)
            import torch

            for name in OPERATORS:
                torch.library.define(f"torchvision::{name}", SIGNATURE)
        return None


sys.meta_path.insert(0, _BeforeTorchvision())
