"""What fills the abdomen between the nine structures: bowel, mesentery, muscles along the spine, vessels, heart.

Layer: phantom.
"""

from collections.abc import Sequence

import numpy as np

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.phantom.canvas import Field, ellipsoid, smooth_max, smooth_path, tube, wobble
from labelcritic_gui.phantom.organs import FAT_HU, IDS, Scene, along_spine
from labelcritic_gui.phantom.trunk import diaphragm


def _colon_course(wide: float, sag: float) -> list[Point]:
    """Points from the caecum to the rectum; `wide` pushes the flanks out, `sag` lowers the transverse part."""
    return [
        (84, 30, -112),
        (95 + wide, 14, -80),
        (98 + wide, 6, -40),
        (98 + wide, 12, -8),
        (86, 44, 14),
        (58, 74, 0 + sag * 0.4),
        (22, 84, -14 + sag),
        (-24, 86, -12 + sag),
        (-64, 76, 10 + sag * 0.4),
        (-94, 44, 42),
        (-103 - wide, 14, 58),
        (-106 - wide, 2, 24),
        (-104 - wide, -4, -20),
        (-98 - wide, 4, -62),
        (-86, 24, -100),
        (-56, 34, -132),
        (-20, 14, -128),
        (4, -10, -146),
        (2, -30, -176),
        (0, -34, -230),
    ]


def paint_colon(scene: Scene) -> None:
    """Colon: the frame from caecum to sigmoid with haustra, stool and gas."""
    rng = scene.person.rng("colon")
    points = _colon_course(8.0 * scene.person.inner_fat, rng.uniform(-30, 8))
    radii = [
        25.0,
        26.0,
        23.0,
        21.0,
        20.0,
        19.0,
        20.0,
        19.0,
        18.0,
        18.0,
        17.0,
        14.0,
        13.0,
        13.0,
        12.5,
        13.0,
        14.0,
        14.0,
        15.0,
        16.0,
    ]
    path, radius = smooth_path(points, radii, step=5.0)
    beat = np.abs(np.sin(np.arange(len(radius)) * 5.0 / 26.0 * np.pi))
    radius = (radius * (0.80 + 0.26 * beat)).astype(np.float32)
    _paint_loop(scene, path, radius, rng=rng, stool=1.0)


def _paint_loop(scene: Scene, path: Field, radius: Field, *, rng: np.random.Generator, stool: float) -> None:
    """A bowel loop: wall, contents mottled by `stool`, gas where the contents' density is lowest and in front."""
    slab = scene.slab
    height = rng.uniform(4, 12)
    found = tube(slab, path, radius, margin=6.0, blend=3.0)
    if found is None:
        return
    box, shape = found
    x, y, z = slab.at(box)
    shape = smooth_max(shape, scene.wall.depth(scene.wall.cavity, box) + np.float32(2.5), 4.0)
    slab.paint(box, shape - np.float32(1.6), FAT_HU + 6 * slab.cloud[box])
    slab.paint(box, shape, scene.hu.wall + 4 * slab.grain[box])
    grain, cloud = slab.grain[box], slab.cloud[box]
    airy = np.clip(cloud + np.float32(0.6) * grain - np.float32(0.5), 0, 2.2)
    mottle = np.asarray(28 + 10 * grain - np.float32(95 * stool) * airy, dtype=np.float32)
    lumen = shape + np.float32(2.2)
    slab.paint(box, lumen, mottle)
    pocket = (
        wobble(x, y, z, rng=rng, wave=36.0) * np.float32(12) + np.float32(height) - (y - _mid(path)) * np.float32(0.8)
    )
    slab.paint(box, np.maximum(lumen, pocket * np.float32(0.7)), -930.0)


def _mid(path: Field) -> np.float32:
    """Height above which gas may stand in a loop: the gas of a lying patient is in front."""
    return np.float32(path[:, 1].max() - 12.0)


def paint_small_bowel(scene: Scene) -> None:
    """Small bowel: loops strung over the middle of the abdomen; bright wall, fluid, a little gas."""
    slab, rng = scene.slab, scene.person.rng("small bowel")
    room = 14.0 * scene.person.inner_fat
    for _ in range(34):
        centre = np.array([rng.uniform(-78, 66), rng.uniform(28, 68 + room), rng.uniform(-142, 14)])
        turns = np.arange(6)
        lead = rng.uniform(0, 2 * np.pi)
        swing = rng.uniform(16, 30)
        points: list[Point] = [
            (
                float(
                    centre[0] + (t - 2.5) * rng.uniform(9, 13) * np.cos(lead) + swing * (-1) ** t * np.sin(lead) * 0.6
                ),
                float(centre[1] + rng.uniform(-9, 9)),
                float(centre[2] + (t - 2.5) * 10 * np.sin(lead) + swing * (-1) ** t * np.cos(lead) * 0.6),
            )
            for t in turns
        ]
        path, radius = smooth_path(points, rng.uniform(8.5, 12.5, 6).tolist(), step=5.0)
        found = tube(slab, path, radius, margin=4.0, blend=3.0)
        inside, gassy = rng.uniform(15, 45), rng.random() < 0.2
        if found is None:
            continue
        box, shape = found
        shape = smooth_max(shape, scene.wall.depth(scene.wall.cavity, box) + np.float32(2.5), 4.0)
        slab.paint(box, shape - np.float32(1.2), FAT_HU)
        slab.paint(box, shape, scene.hu.wall + 14 + 5 * slab.grain[box])
        slab.paint(box, shape + np.float32(2.4), inside + 9 * slab.grain[box] + 16 * slab.cloud[box])
        if not gassy:
            continue
        gas = np.maximum(shape + 2.6, (7.5 - slab.cloud[box] * 7.0) + 0.0 * shape)
        slab.paint(box, gas.astype(np.float32), -880.0)


def paint_duodenum(scene: Scene) -> None:
    """Duodenum: the C around the pancreatic head, then across to the left."""
    points: list[Point] = [
        (36, 60, 46),
        (50, 52, 48),
        (58, 40, 32),
        (56, 34, 6),
        (40, 34, -10),
        (8, 44, -14),
        (-22, 44, -2),
    ]
    path, radius = smooth_path(points, [9.5, 11.0, 11.5, 11.0, 10.5, 9.5, 9.5], step=5.0)
    found = tube(scene.slab, path, radius, margin=5.0, blend=4.0)
    if found is None:
        return
    box, shape = found
    slab = scene.slab
    slab.paint(box, shape - np.float32(1.5), FAT_HU, label=0)
    slab.paint(box, shape, scene.hu.wall + 8 + 5 * slab.grain[box])
    slab.paint(box, shape + np.float32(2.8), 26 + 10 * slab.grain[box])


def paint_mesentery(scene: Scene) -> None:
    """Vessels of the mesentery: a fan from its root, branching once."""
    rng = scene.person.rng("mesentery")
    for _ in range(26):
        angle, reach = rng.uniform(-2.6, 0.9), rng.uniform(45, 95)
        tip = (4 + reach * np.cos(angle) * 0.9, rng.uniform(40, 80), -10 + reach * np.sin(angle))
        root = (rng.uniform(-4, 10), 44.0, rng.uniform(-30, 15))
        mid = tuple((a + b) / 2 + rng.normal(0, 8) for a, b in zip(root, tip, strict=True))
        middle = (float(mid[0]), float(mid[1]), float(mid[2]))
        _vessel(
            scene, [root, middle, (float(tip[0]), float(tip[1]), float(tip[2]))], [2.4, 1.8, 1.0], scene.hu.portal - 12
        )


def _vessel(
    scene: Scene, points: Sequence[Point], radii: Sequence[float], hu: float, *, only: int | None = None
) -> None:
    path, radius = smooth_path(points, radii, step=6.0)
    found = tube(scene.slab, path, radius, margin=3.0)
    if found is not None:
        scene.slab.paint(*found, hu, label=None if only is not None else 0, only=only)


def paint_muscles(scene: Scene) -> None:
    """Muscles along the spine: psoas, erector of the spine, quadratus, the diaphragm's crura."""
    person = scene.person
    lean = scene.hu.muscle
    for side in (-1.0, 1.0):
        psoas = along_spine(
            person,
            [(88, side * 23, -6), (50, side * 30, -6), (10, side * 38, -3), (-35, side * 45, 2), (-80, side * 52, 10)],
        )
        psoas += [(side * 63, 30, -125), (side * 78, 44, -165), (side * 88, 46, -230)]
        _muscle(scene, psoas, [6.0, 11.0, 15.5, 18.0, 18.5, 17.0, 15.0, 14.0], lean, stretch=(1.0, 1.12, 1.0))
        erector = along_spine(
            person,
            [
                (z, side * o, f)
                for z, o, f in ((-110, 22, -58), (-60, 33, -55), (0, 36, -53), (80, 33, -50), (240, 26, -46))
            ],
        )
        _muscle(scene, erector, [10.0, 17.0, 19.0, 17.0, 14.0], lean, stretch=(1.42, 0.95, 1.0))
        quadratus = [
            (side * 62.0, -44.0, -60.0),
            (side * 62.0, -42.0, -20.0),
            (side * 54.0, -42.0, 50.0),
            (side * 44.0, -46.0, 100.0),
        ]
        _muscle(scene, quadratus, [8.0, 10.5, 9.0, 4.0], lean, stretch=(1.7, 0.85, 1.0))
        crus = along_spine(
            person, [(20, side * 7, 19), (80, side * 14, 20), (130, side * 17, 34), (160, side * 20, 46)]
        )
        _muscle(scene, crus, [2.5, 4.5, 4.5, 4.0], lean + 6, stretch=(0.8, 1.6, 1.0))


def _muscle(scene: Scene, points: Sequence[Point], radii: Sequence[float], hu: float, *, stretch: Point) -> None:
    path, radius = smooth_path(points, radii, step=8.0)
    found = tube(scene.slab, path, radius, margin=5.0, stretch=stretch, blend=3.0)
    if found is None:
        return
    box, shape = found
    slab = scene.slab
    shape = np.maximum(shape, scene.wall.depth(scene.wall.muscle, box) + np.float32(1.0))
    shape = np.where(slab.hu[box] > 230, np.float32(9), shape)  # Ribs and wings stay in front.
    marbled = hu + 5 * slab.grain[box] - 26 * np.clip(slab.cloud[box] - 1.2 + 0.4 * scene.person.fat, 0, 2)
    slab.paint(box, shape - np.float32(0.7), -20.0, label=0)
    slab.paint(box, shape, marbled, label=0)


def paint_vessels(scene: Scene) -> None:
    """Great side branches: iliac, renal, splenic, portal and mesenteric vessels."""
    hu = scene.hu
    for side in (-1.0, 1.0):
        _vessel(
            scene,
            [
                (side * 5 - 4, 27, -40),
                (side * 20, 26, -70),
                (side * 42, 22, -108),
                (side * 62, 34, -150),
                (side * 74, 62, -210),
            ],
            [6.5, 6.0, 5.4, 5.0, 4.6],
            hu.aorta,
        )
        _vessel(
            scene,
            [
                (12, 24, -50),
                (side * 14 + 8, 18, -78),
                (side * 38, 12, -112),
                (side * 56, 22, -152),
                (side * 68, 50, -210),
            ],
            [8.5, 7.5, 6.8, 6.4, 6.0],
            hu.cava - 10,
        )
        _paint_renal(scene, side)
    _vessel(scene, [(-9, 32, 66), (-6, 46, 52), (-2, 50, 10), (0, 52, -40)], [4.0, 3.6, 3.2, 2.0], hu.aorta)
    _vessel(scene, [(10, 44, 46), (12, 52, 20), (10, 54, -15), (4, 54, -50)], [5.8, 5.0, 4.4, 2.6], hu.portal)
    _vessel(scene, [(12, 46, 48), (-16, 42, 56), (-42, 26, 66), (-66, 14, 80)], [5.0, 4.2, 4.0, 3.6], hu.portal)
    _vessel(scene, [(-9, 34, 82), (-10, 44, 84), (14, 50, 74), (30, 52, 76)], [3.6, 3.2, 2.8, 2.2], hu.aorta)


def _paint_renal(scene: Scene, side: float) -> None:
    """Vein and artery of one kidney, where there is one."""
    kidney = "kidney_right" if side > 0 else "kidney_left"
    if kidney not in scene.person.absent:
        level = 36.0 if side > 0 else 52.0
        start = 22.0 if side > 0 else 12.0
        _vessel(
            scene,
            [(start, 26, level + 8), (side * 32, 18, level + 6), (side * 52, 0, level)],
            [5.0, 4.2, 3.4],
            scene.hu.cava + 8,
        )
        _vessel(
            scene,
            [(-9, 28, level + 12), (side * 26, 14, level + 10), (side * 52, -4, level + 5)],
            [3.2, 2.8, 2.4],
            scene.hu.aorta,
        )


def paint_liver_vessels(scene: Scene) -> None:
    """Portal tree from the hilum and hepatic veins from the postcava, inside the liver only."""
    rng = scene.person.rng("liver vessels")
    _vessel(scene, [(11, 44, 46), (22, 45, 64), (34, 46, 78)], [6.4, 6.0, 5.6], scene.hu.portal)
    _branch(scene, rng, (34.0, 46.0, 80.0), (70.0, 25.0, 95.0), 5.0, 3, scene.hu.portal)
    _branch(scene, rng, (34.0, 46.0, 80.0), (4.0, 68.0, 105.0), 4.4, 3, scene.hu.portal)
    for tip in ((84.0, 0.0, 118.0), (52.0, 72.0, 118.0), (0.0, 70.0, 128.0)):
        _branch(scene, rng, (25.0, 38.0, 148.0), tip, 4.2, 2, scene.hu.cava + 16)


def _branch(
    scene: Scene, rng: np.random.Generator, start: Point, end: Point, radius: float, left: int, hu: float
) -> None:
    bend = [(a + b) / 2 + rng.normal(0, 4) for a, b in zip(start, end, strict=True)]
    _vessel(
        scene, [start, (bend[0], bend[1], bend[2]), end], [radius, radius * 0.85, radius * 0.66], hu, only=IDS["liver"]
    )
    if left == 0:
        return
    way = np.subtract(end, start)
    for _ in range(2):
        tip = np.asarray(end) + way * 0.62 + rng.normal(0, 1, 3) * np.linalg.norm(way) * 0.36
        _branch(scene, rng, end, (float(tip[0]), float(tip[1]), float(tip[2])), radius * 0.62, left - 1, hu - 4)


def paint_chest(scene: Scene) -> None:
    """What stands on the diaphragm: heart, oesophagus, vessels of the lung bases."""
    slab, rng = scene.slab, scene.person.rng("chest")
    path, radius = smooth_path(
        along_spine(scene.person, [(100, -4, 6), (150, -6, 10), (240, -8, 12)]), [20, 26, 30], step=9.0
    )
    found = tube(slab, path, radius, margin=3.0, stretch=(1.0, 1.25, 1.0), blend=3.0)
    if found is not None:
        slab.paint(found[0], np.where(slab.hu[found[0]] < -300, found[1], np.float32(9)), FAT_HU)
    for _ in range(100):
        side = rng.choice([-1.0, 1.0])
        x, y = side * rng.uniform(40, 112), rng.uniform(-48, 88)
        low = float(diaphragm(np.array([x], dtype=np.float32), np.array([y], dtype=np.float32))[0]) + 3
        root: Point = (side * 38.0, 20.0, 232.0)
        _lung_vessel(
            scene, [root, ((root[0] + x) / 2, (root[1] + y) / 2, (232 + low) / 2 + 14), (x, y, low)], [3.2, 2.0, 0.9]
        )
    box = slab.box((-95, -5, 140), (50, 125, 300))
    if box is not None:
        x3, y3, z3 = slab.at(box)
        heart = ellipsoid(x3, y3, z3, centre=(-24, 62, 208), radii=(58, 50, 52))
        above = (diaphragm(x3, y3) - z3) * np.float32(0.7)
        sac = np.maximum(smooth_max(heart, above.astype(np.float32), 6.0), scene.wall.depth(scene.wall.cavity, box) + 3)
        slab.paint(box, sac, FAT_HU)
        slab.paint(box, sac + np.float32(4), 0.75 * scene.hu.aorta + 24 + 6 * slab.grain[box])
    path, radius = smooth_path(
        [(-12, 22, 250), (-14, 24, 190), (-18, 30, 158), (-34, 24, 142), (-52, 6, 134)],
        [7.5, 7.5, 7.0, 7.0, 8.0],
        step=6.0,
    )
    found = tube(slab, path, radius, margin=3.0)
    if found is not None:
        slab.paint(found[0], found[1] - np.float32(3), FAT_HU, only=0)
        slab.paint(*found, scene.hu.muscle + 4, only=0)


def _lung_vessel(scene: Scene, points: Sequence[Point], radii: Sequence[float]) -> None:
    path, radius = smooth_path(points, radii, step=8.0)
    found = tube(scene.slab, path, radius, margin=2.0)
    if found is None:
        return
    box, shape = found
    lung = scene.slab.hu[box] < -600
    scene.slab.paint(box, np.where(lung, shape, np.float32(9)), scene.hu.portal - 30)


def paint_bladder(scene: Scene) -> None:
    """Urinary bladder, as far as the field of view shows it."""
    slab, rng = scene.slab, scene.person.rng("bladder")
    full = rng.uniform(0.8, 1.15)
    box = slab.box((-62, -20, -260), (62, 90, -120))
    if box is None:
        return
    x, y, z = slab.at(box)
    shape = ellipsoid(x, y, z, centre=(0, 36, -192), radii=(44 * full, 32 * full, 40 * full))
    slab.paint(box, shape - np.float32(2), FAT_HU)
    slab.paint(box, shape, 45.0)
    slab.paint(box, shape + np.float32(3), 6 + 2 * slab.grain[box])
