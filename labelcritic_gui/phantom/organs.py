"""The nine structures: where they lie, what shape they have, how dense they are. Layer: phantom.

Adult sizes the shapes are tuned to (means of CT volumetry): liver about 1,500 ml, spleen 200, kidney 150, pancreas 75,
gallbladder 30, and vessels of 20 mm.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.phantom.canvas import (
    Box,
    Field,
    Slab,
    ellipsoid,
    smooth_max,
    smooth_path,
    tube,
    wobble,
)
from labelcritic_gui.phantom.person import STRUCTURES, Person
from labelcritic_gui.phantom.trunk import Wall, diaphragm

IDS = {name: number for number, name in enumerate(STRUCTURES, start=1)}
FAT_HU = -103.0


@dataclass(frozen=True, slots=True)
class Densities:
    """Mean Hounsfield units of tissues in one contrast phase."""

    muscle: float
    liver: float
    spleen: float
    cortex: float
    medulla: float
    pancreas: float
    aorta: float
    cava: float
    portal: float
    wall: float


PHASES = {
    "portal": Densities(62, 110, 120, 186, 172, 100, 152, 138, 168, 88),
    "arterial": Densities(58, 70, 118, 196, 96, 112, 315, 92, 105, 92),
    "plain": Densities(54, 58, 48, 34, 31, 40, 43, 40, 42, 42),
}
"""Typical attenuations at 120 kV; portal venous: liver 100-120, spleen 110-130, aorta 140-170, kidney 170-200."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What an organ painter needs: the slab, the body's wall, the person and this person's densities."""

    slab: Slab
    wall: Wall
    person: Person
    hu: Densities

    def label(self, name: str) -> int | None:
        """The label to paint, None for a structure that was removed."""
        return None if name in self.person.absent else IDS[name]


Found = tuple[Box, Field]


def put(scene: Scene, found: Found | None, name: str, hu: float | Field, *, shell: float) -> None:
    """Paint an organ inside a `shell` of fat; a removed one leaves fat and its ghost."""
    if found is None:
        return
    box, distance = found
    slab = scene.slab
    fat = FAT_HU + 6 * slab.cloud[box]
    slab.paint(box, distance - np.float32(shell), fat, label=0)
    if name in scene.person.absent:
        slab.paint(box, distance, fat, label=0)
        slab.ghost[box][distance < 0] = IDS[name]
        return
    slab.paint(box, distance, hu, label=IDS[name])


def tissue(scene: Scene, box: Box, hu: float, *, fine: float = 5.0, coarse: float = 4.0) -> Field:
    """Return a density with parenchymal grain, on a box."""
    return np.asarray(hu + fine * scene.slab.grain[box] + coarse * scene.slab.cloud[box], dtype=np.float32)


def _below_diaphragm(x: Field, y: Field, z: Field, gap: float) -> Field:
    """Distance above the peritoneal side of the diaphragm, roughly corrected for its steepness."""
    return np.asarray((z - diaphragm(x, y) + np.float32(gap)) * np.float32(0.62), dtype=np.float32)


def paint_liver(scene: Scene) -> None:
    """Liver: under the right dome, cut below by the visceral surface that rises to the left, left lobe in front."""
    slab, rng = scene.slab, scene.person.rng("liver")
    box = slab.box((-100, -75, -35), (150, 145, 180))
    if box is None:
        return
    x, y, z = slab.at(box)
    tip, slope = rng.uniform(-12, 22), rng.uniform(0.58, 0.74)
    reach, lobe = rng.uniform(-96, -58), rng.uniform(8, 18)
    bumps = wobble(x, y, z, rng=rng, wave=70.0)
    visceral = tip + slope * (112 - x) - 0.20 * (y - 45) - z
    visceral = visceral * np.float32(0.76) + np.float32(3.5) * bumps
    behind = lobe - 0.72 * (x - 8) - y
    left = reach - x + 0.25 * (z - 130)
    shape = smooth_max(visceral.astype(np.float32), behind.astype(np.float32) * np.float32(0.76), 26.0)
    shape = smooth_max(shape, left.astype(np.float32), 30.0)
    inside = scene.wall.depth(scene.wall.cavity, box) + np.float32(3.0)
    shape = smooth_max(shape, inside, 8.0)
    shape = smooth_max(shape, _below_diaphragm(x, y, z, 4.0), 10.0)
    spine = np.float32(34) - np.sqrt(x * x * np.float32(0.8) + (y + 8) ** 2)
    shape = smooth_max(shape, np.broadcast_to(spine, shape.shape), 10.0)
    notch = ellipsoid(x, y, z, centre=(4, 100, 72), radii=(3.0, 30, 34))
    shape = np.maximum(shape, -notch)
    put(scene, (box, shape), "liver", tissue(scene, box, scene.hu.liver, fine=4.0, coarse=3.0), shell=1.2)


def _stomach_path(rng: np.random.Generator) -> tuple[list[Point], list[float]]:
    sag, full = rng.uniform(-26, 20), rng.uniform(0.70, 1.06)
    points: list[Point] = [
        (-54, 6, 134),
        (-60, 14, 112),
        (-66, 32, 88 + sag * 0.3),
        (-58, 54, 62 + sag * 0.8),
        (-36, 70, 40 + sag),
        (-8, 76, 32 + sag * 0.7),
        (18, 70, 38 + sag * 0.3),
        (36, 60, 46),
    ]
    radii = [27.0, 34.0, 31.0, 26.0, 23.0, 19.0, 14.0, 8.0]
    return points, [r * full for r in radii]


def paint_stomach(scene: Scene) -> None:
    """Stomach: a J of wall around food, fluid and, in front (the patient is supine), gas."""
    slab, rng = scene.slab, scene.person.rng("stomach")
    points, radii = _stomach_path(rng)
    level = rng.uniform(48, 84)
    path = smooth_path(points, radii, step=6.0)
    found = tube(slab, *path, margin=12.0, blend=12.0)
    if found is None:
        return
    box, shape = found
    x, y, z = slab.at(box)
    shape = shape + np.float32(1.8) * wobble(x, y, z, rng=rng, wave=24.0)
    shape = smooth_max(shape, _below_diaphragm(x, y, z, 5.0), 8.0)
    shape = smooth_max(shape, scene.wall.depth(scene.wall.cavity, box) + np.float32(4.0), 6.0)
    put(scene, (box, shape), "stomach", tissue(scene, box, scene.hu.wall), shell=2.5)
    if scene.label("stomach") is None:
        return
    lumen = shape + np.float32(rng.uniform(3.0, 4.5))
    food = 22 + 9 * slab.grain[box] + np.float32(rng.uniform(0, 26)) * slab.cloud[box]
    slab.paint(box, lumen, food)
    slab.paint(box, smooth_max(lumen, np.float32(level) - y + 0 * lumen, 2.0), -960.0)


def paint_spleen(scene: Scene) -> None:
    """Spleen: a crescent against the left wall under the diaphragm, hollow towards stomach and kidney."""
    slab, rng = scene.slab, scene.person.rng("spleen")
    size = float(np.clip(rng.normal(1.0, 0.09), 0.82, 1.22))
    box = slab.box((-150, -95, 10), (-30, 70, 175))
    if box is None:
        return
    x, y, z = slab.at(box)
    tilt = (y + 12) * np.float32(0.35)
    outer = ellipsoid(x, y, z - tilt, centre=(-94, -14, 90), radii=(50 * size, 62 * size, 62 * size)) + np.float32(
        1.6
    ) * wobble(x, y, z, rng=rng, wave=34.0)
    hollow = ellipsoid(x, y, z, centre=(-42, 26, 84), radii=(45 - 13 * size, 45, 78))
    shape = smooth_max(outer.astype(np.float32), -hollow, 7.0)
    shape = smooth_max(shape, scene.wall.depth(scene.wall.cavity, box) + np.float32(3.5), 7.0)
    shape = smooth_max(shape, _below_diaphragm(x, y, z, 5.0), 8.0)
    put(scene, (box, shape), "spleen", tissue(scene, box, scene.hu.spleen, fine=4.0), shell=2.5)


def paint_kidney(scene: Scene, *, side: float) -> None:
    """Kidney: a bean tilted along the psoas in its fat, opened at the hilum by the sinus."""
    name = "kidney_right" if side > 0 else "kidney_left"
    slab, rng = scene.slab, scene.person.rng(name)
    size = float(np.clip(rng.normal(0.985, 0.04), 0.91, 1.05))
    other = "kidney_left" if side > 0 else "kidney_right"
    if other in scene.person.absent:
        size = min(size * 1.06, 1.08)  # The one that is left has grown.
    middle = np.array([70.0, -14.0, 36.0 if side > 0 else 52.0]) + rng.normal(0, [2.0, 2.0, 6.0])
    box = slab.box((side * 70 - 52, -80, middle[2] - 80), (side * 70 + 52, 50, middle[2] + 80))
    if box is None:
        return
    x, y, z = slab.at(box)
    u, v, w = (c - np.float32(m) for c, m in zip((x * np.float32(side), y, z), middle, strict=True))
    # Upper pole towards the spine and the back.
    u, v, w = u + np.float32(0.24) * w, v + np.float32(0.16) * w, w - np.float32(0.20) * u
    u = u + np.float32(0.0026) * w * w
    u, v = u + np.float32(0.35) * v, v - np.float32(0.35) * u
    bean = ellipsoid(u, v, w, centre=(0, 0, 0), radii=(31.5 * size, 30 * size, 60 * size))
    bean = bean + np.float32(1.0) * wobble(x, y, z, rng=rng, wave=22.0)
    sinus = ellipsoid(u, v, w, centre=(-17, 4, 0), radii=(18 * size, 10.5 * size, 25 * size))
    sinus = sinus + np.float32(2.2) * wobble(x, y, z, rng=rng, wave=9.0)
    shape = smooth_max(bean, -sinus, 3.5)
    room = np.float32(6 + 9 * scene.person.inner_fat)
    wall = scene.wall.depth(scene.wall.cavity, box)
    shape = smooth_max(shape, wall + np.float32(5.0), 4.0)
    slab.paint(box, np.maximum(bean - room, wall + np.float32(1.0)), FAT_HU + 5 * slab.cloud[box], label=0)
    deep = np.clip((-bean - 7.0) / 3.0, 0, 1) * np.clip(0.65 + 0.8 * wobble(x, y, z, rng=rng, wave=13.0), 0, 1)
    parenchyma = scene.hu.cortex + (scene.hu.medulla - scene.hu.cortex) * deep
    put(scene, (box, shape), name, parenchyma + 5 * slab.grain[box], shell=0.0)
    if scene.label(name) is not None:
        slab.paint(box, sinus + np.float32(5.5), 18.0)  # Renal pelvis in the fat of the sinus.


def paint_gall_bladder(scene: Scene) -> None:
    """Gallbladder: a pear under the liver's edge, its neck towards the hilum."""
    slab, rng = scene.slab, scene.person.rng("gall_bladder")
    full, turn = rng.uniform(0.82, 1.2), rng.uniform(-6, 6)
    points: list[Point] = [(66 + turn, 88, 24), (61, 76, 34), (53, 63, 46), (45, 52, 54)]
    path = smooth_path(points, [15.5 * full, 14.0 * full, 9.0 * full, 3.5], step=4.0)
    found = tube(slab, *path, margin=6.0, blend=6.0)
    if found is None:
        return
    bile = tissue(scene, found[0], 9.0, fine=2.0, coarse=1.5)
    rim = np.clip(1.0 + found[1] / 1.6, 0, 1) if scene.label("gall_bladder") else np.zeros_like(found[1])
    put(scene, found, "gall_bladder", bile + 34 * rim, shell=0.8)


def paint_pancreas(scene: Scene) -> None:
    """Pancreas: head in the duodenal loop, body over the vessels, tail up to the spleen; lobulated."""
    slab, rng = scene.slab, scene.person.rng("pancreas")
    size, lift = float(np.clip(rng.normal(1.0, 0.1), 0.82, 1.2)), rng.uniform(-5, 8)
    points: list[Point] = [
        (30, 42, 16),
        (29, 46, 32),
        (18, 53, 44),
        (2, 57, 50 + lift * 0.4),
        (-18, 51, 58 + lift * 0.7),
        (-40, 37, 66 + lift),
        (-60, 25, 74 + lift),
        (-77, 14, 82 + lift),
    ]
    radii = [9.0, 13.5, 11.5, 9.0, 10.0, 10.5, 10.0, 7.5]
    path = smooth_path(points, [r * size for r in radii], step=5.0)
    found = tube(slab, *path, margin=7.0, blend=7.0)
    if found is None:
        return
    box, shape = found
    x, y, z = slab.at(box)
    shape = shape + np.float32(1.7) * wobble(x, y, z, rng=rng, wave=9.0)
    hu = tissue(scene, box, scene.hu.pancreas + 4, fine=11.0, coarse=3.0)
    put(scene, (box, shape), "pancreas", hu, shell=2.2)


def along_spine(person: Person, rows: Sequence[tuple[float, float, float]]) -> list[Point]:
    """Turn (height, offset right, gap in front of the spine's middle) into points."""
    out = []
    for z, right, front in rows:
        x, y = person.spine_at(z)
        out.append((x + right, y + front, z))
    return out


def paint_aorta(scene: Scene) -> None:
    """Aorta: left in front of the spine from the diaphragm's hiatus to its fork at L4, with calcium in some."""
    slab, rng = scene.slab, scene.person.rng("aorta")
    wide = float(np.clip(rng.normal(1.0, 0.08), 0.86, 1.16))
    bow = rng.normal(0, 2.0)
    rows = [
        (240, -20, 28),
        (200, -18, 29),
        (150, -12, 29),
        (100, -9 + bow, 29),
        (50, -10 + bow, 29.5),
        (0, -11, 30),
        (-38, -6, 30),
    ]
    radii = [12.5, 12.0, 11.3, 10.6, 9.8, 9.2, 9.0]
    path = smooth_path(along_spine(scene.person, rows), [r * wide for r in radii], step=8.0)
    found = tube(slab, *path, margin=4.0, blend=2.0)
    put(scene, found, "aorta", scene.hu.aorta, shell=1.6)
    if found is None or rng.random() > 0.55:
        return
    box, shape = found
    x, y, z = slab.at(box)
    spots = np.float32(0.72) - wobble(x, y, z, rng=rng, wave=8.0)
    plaque = np.maximum(spots * 6, np.abs(shape + 1.0) - 1.1)
    slab.paint(box, plaque.astype(np.float32), 640.0, only=IDS["aorta"])


def paint_postcava(scene: Scene) -> None:
    """Postcava: right of the aorta from the confluence at L5, through the liver's back, to the diaphragm."""
    slab, rng = scene.slab, scene.person.rng("postcava")
    flat = rng.uniform(0.66, 0.92)
    rows = [(-52, 12, 26), (-30, 18, 26), (20, 20, 25), (70, 22, 29), (105, 24, 35), (140, 25, 44), (178, 26, 52)]
    radii = [8.8, 10.2, 10.8, 11.2, 12.2, 12.6, 12.6]
    path = smooth_path(along_spine(scene.person, rows), radii, step=8.0)
    found = tube(slab, *path, margin=4.0, stretch=(1.0, flat, 1.0), blend=2.0)
    put(scene, found, "postcava", scene.hu.cava, shell=0.2)
