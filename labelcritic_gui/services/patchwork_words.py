"""Recipes in words, for the command line and the window. Layer: services."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from labelcritic_gui.core.cases import CandidateId
from labelcritic_gui.core.geometry import Index3
from labelcritic_gui.core.patchwork.recipe import (
    Drop,
    DropIslands,
    FillHoles,
    KeepLargest,
    Source,
    Start,
    Step,
    Take,
)
from labelcritic_gui.services.patchwork_check import Patchwork
from labelcritic_gui.translation import ntr, tr


def ml_words(ml: float) -> str:
    """Say a volume: "0.42 ml", "14.2 ml", "1204 ml"."""
    return f"{ml:.2f} ml" if ml < 1.0 else f"{ml:.1f} ml" if ml < 100.0 else f"{ml:.0f} ml"


def version_words(candidate: CandidateId, title: str = "") -> str:
    """Return a version's short name: "nnunet", and "nnunet v2" for one that was made."""
    name = title or candidate.label_set
    return name if candidate.version == 1 else f"{name} v{candidate.version}"


def step_words(step: Step, names: Sequence[str], region: Callable[[Index3], str], *, voxel_ml: float = 0.0) -> str:
    """Say one step; `names` are the bases', `region` says a region by its name, `voxel_ml` a voxel's volume or 0."""
    match step:
        case Start(source):
            return tr("start from {source}").format(source=_source_words(source, names))
        case Take(name, source):
            return tr("{region}: as {base} has it").format(region=region(name), base=names[source - 1])
        case Drop(name):
            return tr("{region}: left out").format(region=region(name))
        case DropIslands(below):
            if voxel_ml:
                return tr("islands under {size} dropped").format(size=ml_words(below * voxel_ml))
            return ntr("islands under {n} voxel dropped", "islands under {n} voxels dropped", below).format(n=below)
        case FillHoles():
            return tr("holes filled")
        case KeepLargest():
            return tr("only the largest part kept")


def patchwork_lines(made: Patchwork) -> list[str]:
    """Say a made version: what it is, step by step how it was made, and what came out."""
    names = [version_words(base.candidate) for base in made.recipe.bases]
    size = tr("{ml} in {parts}").format(
        ml=ml_words(made.ml), parts=ntr("{n} part", "{n} parts", made.parts).format(n=made.parts)
    )
    head = tr("{item}: {version}, made by {reader} at {time} of {bases}").format(
        item=made.candidate.item,
        version=version_words(made.candidate),
        reader=made.reader,
        time=made.time,
        bases=", ".join(names),
    )
    steps = [
        f"  {n}. {step_words(step, names, lambda name: _said_words(made.said.get(name), names))}"
        for n, step in enumerate(made.recipe.steps, start=1)
    ]
    state = "" if made.standing else " " + tr("(withdrawn: its acceptance was undone)")
    return [head + state, *steps, f"  = {size}, {made.file}", f"  {made.content_hash}"]


def _said_words(said: Mapping[str, Any] | None, names: Sequence[str]) -> str:
    if said is None:
        return tr("a region")
    x, y, z = said["place"]
    who = [names[n - 1] for n in said["claimants"]]
    claim = tr("in all") if len(who) == len(names) else tr("only in {names}").format(names=", ".join(who))
    return tr("the region of {ml} at x {x:.0f} y {y:.0f} z {z:.0f} mm, {claim}").format(
        ml=ml_words(said["ml"]), x=x, y=y, z=z, claim=claim
    )


def _source_words(source: Source, names: Sequence[str]) -> str:
    if source == "intersection":
        return tr("what all claim")
    if source == "union":
        return tr("what any claims")
    return names[source - 1]
