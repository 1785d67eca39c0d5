"""Spine from T8 to L5, sacrum, iliac wings and hips. Layer: phantom."""

import numpy as np

from labelcritic_gui.core.geometry import Point
from labelcritic_gui.phantom.canvas import Box, Field, Slab, capsule, ellipsoid, smooth_max, smooth_min
from labelcritic_gui.phantom.person import Person
from labelcritic_gui.phantom.trunk import wing_line

LEVELS = (
    ("T8", 217.0, 21.0),
    ("T9", 190.0, 22.0),
    ("T10", 163.0, 23.0),
    ("T11", 135.0, 24.0),
    ("T12", 105.0, 25.5),
    ("L1", 72.0, 27.0),
    ("L2", 36.5, 27.5),
    ("L3", 0.0, 28.0),
    ("L4", -37.0, 28.0),
    ("L5", -74.0, 28.0),
)
"""Name, height of the body's middle in mm, height of the bony body in mm."""

MARROW, CORTEX = 172.0, 780.0


def paint_skeleton(slab: Slab, person: Person) -> None:
    """Paint hips and wings, then the sacrum, then the vertebrae from below upwards."""
    _paint_wings(slab)
    _paint_hips(slab)
    _paint_sacrum(slab)
    for name, height, tall in LEVELS[::-1]:
        _paint_vertebra(slab, person, height=height, tall=tall, lumbar=name.startswith("L"))


def _bone(slab: Slab, box: Box, distance: Field, *, rind: float, cortex: float | Field = CORTEX) -> None:
    """Paint a bone: a rind of cortex, spongy bone inside."""
    slab.paint(box, distance, cortex, label=0)
    slab.paint(box, distance + np.float32(rind), MARROW + 38 * slab.grain[box] + 18 * slab.cloud[box])


def _local(slab: Slab, person: Person, box: Box, height: float) -> tuple[Field, Field, Field]:
    """Coordinates in the frame of the spine at a height: origin in its middle, z along its axis."""
    x, y, z = slab.at(box)
    h = np.array([height - 1.0, height, height + 1.0])
    sx, sy = person.spine_x(h), person.spine_y(h)
    lean_x, lean_y = float(sx[2] - sx[0]) / 2, float(sy[2] - sy[0]) / 2
    lx, ly, lz = x - np.float32(sx[1]), y - np.float32(sy[1]), z - np.float32(height)
    return (
        lx - np.float32(lean_x) * lz,
        ly - np.float32(lean_y) * lz,
        lz + np.float32(lean_x) * lx + np.float32(lean_y) * ly,
    )


def _body(x: Field, y: Field, z: Field, *, tall: float, lumbar: bool) -> Field:
    """Vertebral body: a kidney-shaped column, waisted, hollow behind; z along the spine's axis."""
    wide, deep = (24.5, 16.8) if lumbar else (18.5, 15.5)
    waist = 1 - np.float32(0.09) * np.clip(1 - (2 * z / tall) ** 2, 0, 1)
    round_ = (np.sqrt((x / (wide * waist)) ** 2 + (y / (deep * waist)) ** 2 + 1e-6) - 1) * np.float32(deep + 2)
    plates = np.abs(z) - np.float32(tall / 2)
    side = smooth_max(np.asarray(round_, dtype=np.float32), np.asarray(plates, dtype=np.float32), 3.0)
    hollow = np.float32(9.0) - np.sqrt(x * x * np.float32(0.6) + (y + np.float32(deep + 6)) ** 2)
    return np.maximum(side, hollow)


def _arch(x: Field, y: Field, z: Field, *, tall: float, lumbar: bool) -> Field:
    """Pedicles, laminae, joints, transverse and spinous processes; symmetric in x."""
    ax = np.abs(x)
    w = 1.0 if lumbar else 0.8
    rods: list[tuple[Point, Point, float, float]] = [
        ((14 * w, -11, 6), (17 * w, -30, 5), 4.6, 5.2),
        ((16 * w, -31, 4), (3, -43, -5), 4.6, 4.2),
        ((18 * w, -31, 6), (19 * w, -33, tall / 2 + 9), 5.2, 3.8),
        ((15 * w, -35, -2), (14.5 * w, -38, -tall / 2 - 9), 5.0, 4.4),
    ]
    if lumbar:
        rods.append(((20, -31, 5), (43, -37, 7), 4.4, 3.2))
    else:
        rods.append(((16, -31, 5), (29, -43, 9), 5.0, 4.2))
    out = capsule(ax, y, z, ends=rods[0][:2], radii=rods[0][2:])
    for start, end, first, last in rods[1:]:
        out = smooth_min(out, capsule(ax, y, z, ends=(start, end), radii=(first, last)), 3.0)
    drop = -9.0 if lumbar else -22.0
    tip = (0.0, -70.0 if lumbar else -62.0, drop / 1.6)
    # A blade: thin from side to side, tall.
    blade = capsule(x * np.float32(2.6), y, z * np.float32(0.85), ends=((0, -42, -3), tip), radii=(7.5, 8.5))
    return smooth_min(out, blade * np.float32(0.45), 2.0)


def _paint_vertebra(slab: Slab, person: Person, *, height: float, tall: float, lumbar: bool) -> None:
    sx, sy = person.spine_at(height)
    box = slab.box((sx - 54, sy - 86, height - 36), (sx + 54, sy + 26, height + 36))
    if box is None:
        return
    x, y, z = _local(slab, person, box, height)
    gap = 8.0 if lumbar else 5.0
    disc = _body(x, y, z + np.float32(tall / 2 + gap / 2), tall=gap + 1.5, lumbar=lumbar)
    slab.paint(box, disc - np.float32(0.8), 82 + 6 * slab.grain[box], label=0)
    body = _body(x, y, z, tall=tall, lumbar=lumbar)
    slab.paint(box, body, 540.0, label=0)
    slab.paint(box, body + np.float32(1.5), MARROW + 42 * slab.grain[box] + 20 * slab.cloud[box])
    _bone(slab, box, _arch(x, y, z, tall=tall, lumbar=lumbar), rind=2.1, cortex=860.0)
    deep = 16.8 if lumbar else 15.5
    canal = np.sqrt((x / np.float32(1.25)) ** 2 + (y + np.float32(deep + 7.5)) ** 2) - np.float32(7.6)
    inside = smooth_max(canal, np.abs(z) - np.float32(tall / 2 + gap), 1.0)
    slab.paint(box, inside, -60.0)
    slab.paint(box, inside + np.float32(1.8), 34.0)


def _paint_sacrum(slab: Slab) -> None:
    """Sacrum: a wedge that tilts backwards, joined to the wings by cartilage, with its canal and foramina."""
    box = slab.box((-66, -105, -215), (66, 22, -84))
    if box is None:
        return
    x, y, z = slab.at(box)
    ax = np.abs(x)
    heights = [-215.0, -190.0, -165.0, -140.0, -115.0, -92.0]
    middle = np.interp(z, heights, [-62, -66, -60, -47, -28, -10]).astype(np.float32)
    thick = np.interp(z, heights, [6, 10, 15, 21, 27, 31]).astype(np.float32)
    wide = np.interp(z, heights, [12, 21, 33, 45, 56, 57]).astype(np.float32)
    sides = ax - wide - np.clip((middle - y) * np.float32(0.12), -5, 6)
    # The wings of the sacrum lie further back than the promontory.
    bend = np.float32(0.004) * ax * ax
    face = np.abs(y - middle + bend) - thick / 2 * (1 - np.float32(0.25) * (ax / wide) ** 2)
    lid = z + np.float32(93) + np.float32(0.2) * ax + np.float32(0.35) * (y + 10)
    shape = smooth_max(smooth_max(sides, face * np.float32(0.75), 5.0), np.asarray(lid, dtype=np.float32), 3.0)
    ridge = np.maximum(ax - 3.0, np.abs(y - middle + thick / 2 + 5) - 6.0)
    shape = smooth_min(shape, np.maximum(ridge, z + 100), 4.0)
    slab.paint(box, shape - np.float32(2.2), 95.0)
    _bone(slab, box, shape, rind=1.9, cortex=430.0)
    canal = np.sqrt((x / 1.5) ** 2 + (y - middle + thick * np.float32(0.42)) ** 2) - np.interp(z, [-190, -95], [2, 7.5])
    slab.paint(box, np.maximum(canal, lid + 1).astype(np.float32), 10.0)
    for level, across in ((-116.0, 21.0), (-136.0, 19.5), (-155.0, 18.0), (-171.0, 16.5)):
        hole = np.sqrt((ax - np.float32(across)) ** 2 + ((z - np.float32(level)) * 1.2 + (y - middle) * 0.5) ** 2) - 4.2
        slab.paint(box, np.maximum(hole, face - 4).astype(np.float32), -40.0)


def _paint_wings(slab: Slab) -> None:
    """Iliac wings: bowed plates from the sacroiliac joint to the front spine, thick at the rim and towards the hip."""
    box = slab.box((-152, -96, -230), (152, 62, -30))
    if box is None:
        return
    x, y, z = slab.at(box)
    ax = np.abs(x)
    rear_x, rear_y, front_x, front_y = wing_line(z)
    dx, dy = front_x - rear_x, front_y - rear_y
    length = np.sqrt(dx * dx + dy * dy)
    along = ((ax - rear_x) * dx + (y - rear_y) * dy) / (length * length)
    off = ((ax - rear_x) * dy - (y - rear_y) * dx) / length
    t = np.clip(along, 0, 1)
    bow = np.float32(11) * np.sin(np.pi * t) * (1 - np.float32(0.5) * t)
    left = np.float32(0.46)
    crest = -40 - 50 * np.where(t < left, (t - left) / left, (t - left) / (1 - left)) ** 2
    low = np.float32(-112) - 150 * np.clip((t - 0.02) / 0.5, 0, 1) ** 1.4
    rim = np.exp(-np.clip(crest - z, 0, None) / 9) + np.clip((-128 - z) / 40, 0, 1.6) * np.float32(1.3)
    hard = 420 + 420 * np.clip(np.exp(-np.clip(crest - z, 0, None) / 9) + np.clip((-85 - z) / 80, 0, 1), 0, 1)
    half = 3.0 + 4.2 * rim + 5.5 * np.clip(1 - t / 0.3, 0, 1) + 2.0 * np.clip((t - 0.85) / 0.15, 0, 1)
    plate = np.abs(off - bow) * np.float32(0.93) - half.astype(np.float32)
    ends = np.maximum(-along, along - 1) * length
    shape = smooth_max(plate, np.asarray(ends, dtype=np.float32), 7.0)
    shape = smooth_max(shape, np.maximum(z - crest, low - z).astype(np.float32) * np.float32(0.8), 5.0)
    _bone(slab, box, shape, rind=1.8, cortex=hard.astype(np.float32))


def _paint_hips(slab: Slab) -> None:
    """Roof of the hip joint and the femoral head, as far as the field of view shows them."""
    for side in (-1.0, 1.0):
        centre = (side * 90.0, 8.0, -206.0)
        box = slab.box((centre[0] - 46, -40, -240), (centre[0] + 46, 52, -140))
        if box is None:
            continue
        x, y, z = slab.at(box)
        cup = ellipsoid(x, y, z, centre=(side * 87, 8, -202), radii=(31, 32, 33))
        _bone(slab, box, np.maximum(cup, -216 - z), rind=2.0, cortex=820.0)
        head = ellipsoid(x, y, z, centre=centre, radii=(24, 24, 24))
        slab.paint(box, head - np.float32(3.2), 70.0)
        _bone(slab, box, head, rind=1.5, cortex=700.0)
