"""The wall of the body: skin, fat, muscle, ribs, the abdominal cavity, the diaphragm, lungs and the table.

Layer: phantom.

Layers of the wall are polar curves about an axis in front of the spine: a radius for each angle and height, so one
look-up per voxel gives the distance to every layer.
"""

from dataclasses import dataclass

import numpy as np

from labelcritic_gui.phantom.canvas import Box, Field, Slab
from labelcritic_gui.phantom.person import Person

AXIS_Y = 35.0
BINS = 2880
RIB_LEVELS = {4: 317.0, 5: 293.0, 6: 268.0, 7: 243.0, 8: 217.0, 9: 190.0, 10: 163.0, 11: 135.0, 12: 105.0}
_RIB_END = {4: 2.6, 5: 2.6, 6: 2.55, 7: 2.5, 8: 2.35, 9: 2.2, 10: 2.0, 11: 1.25, 12: 0.78}


@dataclass(frozen=True, eq=False)
class Wall:
    """Radii in mm of the wall's layers on a slab, shape (z, BINS), and where each voxel looks: `bin`, `rho` (y, x)."""

    skin: Field
    muscle: Field
    cavity: Field
    rib: Field
    rib_offset: Field
    rib_front: Field
    bin: np.ndarray
    rho: Field

    def depth(self, layer: Field, box: Box) -> Field:
        """Return the signed radial distance to a layer on a box of the slab, negative inside."""
        rows = layer[box[0]][:, self.bin[box[1], box[2]]]
        return np.asarray(self.rho[None, box[1], box[2]] - rows, dtype=np.float32)


def _oval(angle: np.ndarray, *, a: np.ndarray, front: np.ndarray, back: np.ndarray, power: float) -> np.ndarray:
    """Radius of an egg-shaped oval per height (rows) and angle from the front (columns)."""
    s, c = np.abs(np.sin(angle))[None, :], np.cos(angle)[None, :]
    b = np.where(c > 0, front[:, None], back[:, None])
    return np.asarray(((s / a[:, None]) ** power + (np.abs(c) / b) ** power) ** (-1.0 / power))


def _levels(z: np.ndarray, rows: dict[float, float]) -> np.ndarray:
    keys = sorted(rows)
    fine = np.interp(z, keys, [rows[k] for k in keys])
    smooth = np.interp(z + 9.0, keys, [rows[k] for k in keys]) + np.interp(z - 9.0, keys, [rows[k] for k in keys])
    return np.asarray((2 * fine + smooth) / 4.0)


def _layers(z: np.ndarray, angle: np.ndarray, person: Person) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radii of skin, muscle and cavity, per height (rows) and angle (columns)."""
    inner = person.inner_fat
    muscle = _oval(
        angle,
        a=_levels(z, {-190: 158, -130: 152, -70: 140, -15: 134, 60: 137, 130: 143, 220: 138}) + 10 * inner,
        front=_levels(z, {-190: 66, -130: 74, -40: 78, 40: 82, 120: 90, 220: 92}) + 26 * inner,
        back=_levels(z, {-190: 132, -130: 124, -60: 112, 0: 113, 80: 118, 150: 123, 220: 124}),
        power=2.35,
    )
    cavity = _oval(
        angle,
        a=_levels(z, {-190: 62, -150: 74, -115: 96, -75: 110, -30: 119, 60: 124, 130: 130, 220: 125}) + 9 * inner,
        front=_levels(z, {-190: 54, -130: 63, -40: 67, 40: 71, 120: 77, 220: 79}) + 25 * inner,
        back=_levels(z, {-190: 90, -130: 72, -60: 84, 0: 90, 60: 96, 130: 106, 220: 108}),
        power=2.25,
    )
    side = np.sin(angle)[None, :]
    across = muscle * side
    dent = np.exp(-((across / 13.0) ** 2))
    behind = np.cos(angle)[None, :] < 0
    low = 1.0 / (1.0 + np.exp((z[:, None] + 60) / 25.0))
    muscle = muscle - np.where(behind, (9 + 5 * low) * dent, 4 * np.exp(-((across / 5.0) ** 2)))
    # Behind the vertebral bodies there is no room: the wall bulges in along the spine.
    spine = np.exp(-((cavity * side / 19.0) ** 2)) * behind / (1.0 + np.exp(-(z[:, None] + 75.0) / 5.0))
    cavity = np.minimum(cavity - 48.0 * spine, _inside_wings(angle, z))
    return muscle + _fat(angle, z, person), muscle, np.minimum(cavity, muscle - 6)


def wing_line(z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rear x, y and front x, y of the right iliac wing at heights `z`, in mm."""
    heights = [-230.0, -175.0, -140.0, -95.0, -60.0, -30.0]
    rows = (
        [78, 66, 60, 52, 47, 46],
        [-20, -34, -46, -66, -76, -78],
        [96, 104, 117, 134, 136, 130],
        [22, 30, 38, 44, 40, 30],
    )
    a, b, c, d = (np.interp(z, heights, row).astype(np.float32) for row in rows)
    return a, b, c, d


def _inside_wings(angle: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Radius at which a ray meets the iliac muscle that lines the wing; infinite above the crest."""
    ax, ay, bx, by = wing_line(z)
    length = np.hypot(bx - ax, by - ay)
    nx, ny = (by - ay) / length, -(bx - ax) / length
    lining = 4.0 + 13.0 / (1.0 + np.exp((z + 75) / 9.0)) - 3.0 * np.clip(z + 50, 0, None)
    reach = nx * ax + ny * (ay - AXIS_Y) - lining
    facing = nx[:, None] * np.abs(np.sin(angle))[None, :] + ny[:, None] * np.cos(angle)[None, :]
    return np.where(facing > 0.05, reach[:, None] / np.maximum(facing, 0.05), 1e3)


def body_size(person: Person) -> tuple[float, float, float]:
    """Half width of the body and how far it reaches to the back and front (mm, both positive), skin included."""
    angle = (np.arange(360) + 0.5) / 360 * 2 * np.pi - np.pi
    skin = _layers(np.arange(-185.0, 200.0, 12.0), angle, person)[0]
    across, along = skin * np.abs(np.sin(angle)), skin * np.cos(angle) + AXIS_Y
    return float(across.max()), float(-along.min()), float(along.max())


def build_wall(slab: Slab, person: Person) -> Wall:
    """Compute the wall's layers for the heights of a slab."""
    z = slab.z.astype(float)
    angle = (np.arange(BINS) + 0.5) / BINS * 2 * np.pi - np.pi
    skin, muscle, cavity = _layers(z, angle, person)
    rib = (cavity + np.minimum(muscle - 4.0, cavity + 10.0)) / 2 + 0.5
    offset, front = _rib_tables(angle, z)
    dx, dy = slab.x, slab.y - np.float32(AXIS_Y)
    turn = np.arctan2(dx, dy)
    bins = np.clip(((turn + np.pi) / (2 * np.pi) * BINS).astype(np.int32), 0, BINS - 1)
    return Wall(
        skin=skin.astype(np.float32),
        muscle=muscle.astype(np.float32),
        cavity=cavity.astype(np.float32),
        rib=rib.astype(np.float32),
        rib_offset=offset.astype(np.float32),
        rib_front=front.astype(np.float32),
        bin=bins,
        rho=np.hypot(dx, dy).astype(np.float32),
    )


def _fat(angle: np.ndarray, z: np.ndarray, person: Person) -> np.ndarray:
    """Thickness of fat under the skin: thin over the ribs, thick at flanks, belly and buttocks."""
    base = 6.0 + 24.0 * person.fat
    s, c = np.abs(np.sin(angle))[None, :], np.cos(angle)[None, :]
    low = 1.0 / (1.0 + np.exp((z[:, None] + 45.0) / 28.0))
    shape = 0.55 + 0.45 * np.maximum(c, 0) ** 2 + 0.55 * low + 0.75 * low * s * np.maximum(-c, 0) * 2
    shape = shape + 0.35 * s * np.exp(-(((z[:, None] + 40) / 60.0) ** 2))
    navel = 13.0 * np.exp(-((angle[None, :] / 0.055) ** 2) - ((z[:, None] + 32.0) / 8.0) ** 2)
    furrow = 0.35 * np.exp(-(((np.pi - np.abs(angle[None, :])) / 0.16) ** 2))
    return np.asarray(np.maximum(base * (shape - furrow) - navel, 3.0))


def _rib_tables(angle: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Height above the nearest rib's middle, and how far (radians) past its bony end, per height and angle."""
    turn = np.pi - np.abs(angle)
    best = np.full((z.size, angle.size), 1e3)
    past = np.zeros_like(best)
    for number, top in RIB_LEVELS.items():
        run = np.clip(turn - 0.12, 0, None)
        drop = 24.0 * run + 42.0 * np.clip(run - 0.25, 0, 1.5) ** 1.2 + 10.0 * np.clip(run - 1.75, 0, None)
        rise = 62.0 * np.clip(run - 2.0, 0, None) ** 1.3
        height = top + 4.0 - drop * (1.0 + 0.04 * (number - 9)) + rise
        offset = z[:, None] - height[None, :]
        beyond = turn - _RIB_END[number]
        floating = (number >= 11) & (beyond[None, :] > 0)
        offset = np.where(floating | (turn < 0.13)[None, :], 1e3, offset)
        closer = np.abs(offset) < np.abs(best)
        best = np.where(closer, offset, best)
        past = np.where(closer, beyond[None, :], past)
    return best, past


def diaphragm(x: Field, y: Field) -> Field:
    """Height in mm of the diaphragm's upper surface over (x, y): two domes, the right one higher."""
    a, front, back = 134.0, 88.0, 108.0
    dy = y - np.float32(AXIS_Y)
    r = np.sqrt((x / a) ** 2 + (dy / np.where(dy > 0, front, back)) ** 2)
    dome = 158 + 8 * np.tanh(x / 40) - 9 * np.exp(-((x / 32) ** 2) - ((y - 40) / 60) ** 2)
    towards_back = np.clip(-dy / 100, 0, 1)
    depth = 74 + 42 * towards_back - 22 * np.clip(dy / 85, 0, 1)
    return np.asarray(dome - depth * np.clip((r - 0.34) / 0.66, 0, 1.15) ** 2.6, dtype=np.float32)


def paint_trunk(slab: Slab, wall: Wall, person: Person, *, muscle_hu: float) -> None:
    """Paint skin, fat, muscle wall, cavity fat, lungs, ribs and cartilage, slice by slice to stay small in memory."""
    top = diaphragm(slab.x, slab.y)
    for k in range(slab.z.size):
        box = (slice(k, k + 1), slice(None), slice(None))
        skin, muscle, cavity = (wall.depth(t, box) for t in (wall.skin, wall.muscle, wall.cavity))
        grain, cloud = slab.grain[box], slab.cloud[box]
        slab.paint(box, skin, 15.0)
        slab.paint(box, skin + np.float32(2.0), -106 + 5 * grain + 2.5 * cloud)
        lean = muscle_hu + 5 * grain - 34 * np.clip(cloud - 1.25 + 0.4 * person.fat, 0, 2)
        slab.paint(box, muscle, lean)
        _paint_planes(slab, box, muscle=muscle, cavity=cavity)
        slab.paint(box, cavity, -104 + 6 * grain + 4 * cloud)
        _paint_ribs(slab, wall, box, front_hu=muscle_hu + 45)
        over = (top - slab.z[k])[None]
        slab.paint(box, np.maximum(over * np.float32(0.6) - 2, cavity + 1), muscle_hu)
        slab.paint(box, np.maximum(over * np.float32(0.6), cavity + np.float32(1.5)), -862 + 14 * grain + 22 * cloud)


def _paint_planes(slab: Slab, box: Box, *, muscle: Field, cavity: Field) -> None:
    """Thin fat planes between the flat muscles of the flank."""
    thick = cavity - muscle
    for part in (0.36, 0.68):
        sheet = np.abs(muscle + thick * np.float32(part)) - np.float32(0.35)
        flank = (np.abs(slab.x) > 70) & (slab.y > -45) & (slab.z[box[0]] > -48)
        slab.paint(box, np.where(flank[None], sheet, np.float32(9)), -25.0)


def _paint_ribs(slab: Slab, wall: Wall, box: Box, *, front_hu: float) -> None:
    """Ribs: a rind of hard bone around marrow; in front they go over into cartilage."""
    offset = wall.rib_offset[box[0]][:, wall.bin]
    if not (np.abs(offset) < 12).any():
        return
    out = wall.depth(wall.rib, box)
    distance = (np.sqrt((out / np.float32(3.6)) ** 2 + (offset / np.float32(6.6)) ** 2) - 1) * np.float32(3.9)
    front = wall.rib_front[box[0]][:, wall.bin]
    gristle = np.clip(front / 0.03, 0, 1).astype(np.float32)
    slab.paint(box, distance, 820 + (front_hu - 820) * gristle)
    slab.paint(box, distance + np.float32(1.6), 240 + 45 * slab.grain[box] + (front_hu - 240) * gristle)


def paint_table(slab: Slab, *, back_y: float) -> None:
    """The couch: two thin shells of a shallow trough under the back (`back_y` in mm), in the scanner's own frame."""
    bow = (slab.x / 250.0) ** 2 * 34.0
    for low, hu in ((7.0, 40.0), (58.0, -60.0)):
        line = np.abs(slab.y - (back_y - low + bow * (1.0 if low < 10 else 0.35))) - np.float32(0.7)
        shell = np.where(np.abs(slab.x) < 215, line, np.float32(9))[None]
        air = slab.hu < -900
        before = slab.hu.copy()
        slab.paint((slice(None), slice(None), slice(None)), np.asarray(shell, dtype=np.float32), hu)
        np.copyto(slab.hu, before, where=~air)
