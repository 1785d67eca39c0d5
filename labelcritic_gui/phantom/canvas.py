"""The slab of voxels being painted: its coordinates, implicit shapes on it, and how tissue is laid over tissue.

Layer: phantom.

Inside, arrays are [z, y, x] in C order, so that their transpose is the Fortran-ordered [x, y, z] of a volume. Shapes
are signed distances in mm, negative inside; a voxel that the boundary crosses gets a mixed density (partial volume).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from labelcritic_gui.core.geometry import Point

Field = NDArray[np.float32]
Box = tuple[slice, slice, slice]
FAR = np.float32(1e3)


@dataclass(frozen=True, eq=False)
class Slab:
    """Some slices of the grid: reference coordinates `x`, `y` (2-D: the body may be rolled) and `z` (1-D), in mm.

    `hu` and `label` are painted in place; `grain` and `cloud` are the fine and coarse texture on this slab (mean 0,
    standard deviation 1); `pixel` is the width in mm over which a boundary is mixed.
    """

    x: Field
    y: Field
    z: Field
    pixel: float
    hu: Field
    label: NDArray[np.uint8]
    grain: Field
    cloud: Field
    ghost: NDArray[np.uint8] = field(repr=False)

    def box(self, low: Sequence[float], high: Sequence[float]) -> Box | None:
        """Return the part of the slab that holds the reference box low..high (x, y, z in mm), None when empty."""
        spans = []
        for axis, (least, most) in zip((2, 1, 0), self.edges[::-1], strict=True):
            first = int(np.searchsorted(most, low[axis]))
            last = int(np.searchsorted(least, high[axis], side="right"))
            if first >= last:
                return None
            spans.append(slice(first, last))
        return spans[0], spans[1], spans[2]

    @cached_property
    def edges(self) -> tuple[tuple[Field, Field], tuple[Field, Field], tuple[Field, Field]]:
        """Least and greatest coordinate in each column, row and slice; they grow with the index."""
        return (
            (self.x.min(axis=0), self.x.max(axis=0)),
            (self.y.min(axis=1), self.y.max(axis=1)),
            (self.z, self.z),
        )

    def at(self, box: Box) -> tuple[Field, Field, Field]:
        """Return the reference coordinates x, y, z on a box, shaped to broadcast to it."""
        return self.x[None, box[1], box[2]], self.y[None, box[1], box[2]], self.z[box[0], None, None]

    def paint(
        self, box: Box, distance: Field, hu: float | Field, *, label: int | None = None, only: int | None = None
    ) -> None:
        """Lay tissue of density `hu` where `distance` is negative; `label` renames, `only` keeps inside a label."""
        cover = np.clip(np.float32(0.5) - distance / np.float32(self.pixel), 0.0, 1.0)
        if only is not None:
            cover *= self.label[box] == only
        self.hu[box] += cover * (hu - self.hu[box])
        if label is not None:
            self.label[box][distance < 0] = label


def ellipsoid(x: Field, y: Field, z: Field, *, centre: Point, radii: Point) -> Field:
    """Signed distance to an ellipsoid, first order: exact on the surface, good near it."""
    a, b, c = ((v - np.float32(m)) / np.float32(r) for v, m, r in zip((x, y, z), centre, radii, strict=True))
    k0 = np.sqrt(a * a + b * b + c * c) + np.float32(1e-6)
    a, b, c = (v / np.float32(r) for v, r in zip((a, b, c), radii, strict=True))
    k1 = np.sqrt(a * a + b * b + c * c) + np.float32(1e-9)
    return np.asarray(k0 * (k0 - 1) / k1, dtype=np.float32)


def smooth_max(a: Field, b: Field, width: float) -> Field:
    """Intersect two shapes with an edge rounded over `width` mm."""
    h = np.maximum(np.float32(width) - np.abs(a - b), 0) / np.float32(width)
    return np.asarray(np.maximum(a, b) + h * h * np.float32(width / 4), dtype=np.float32)


def smooth_min(a: Field, b: Field, width: float) -> Field:
    """Unite two shapes with a fillet of `width` mm."""
    return -smooth_max(-a, -b, width)


def capsule(x: Field, y: Field, z: Field, *, ends: tuple[Point, Point], radii: tuple[float, float]) -> Field:
    """Signed distance to a rod whose radius changes from one end to the other."""
    (ax, ay, az), (bx, by, bz) = ends
    dx, dy, dz = bx - ax, by - ay, bz - az
    length = max(dx * dx + dy * dy + dz * dz, 1e-6)
    f = np.float32
    px, py, pz = x - f(ax), y - f(ay), z - f(az)
    t = np.clip(px * f(dx / length) + py * f(dy / length) + pz * f(dz / length), 0.0, 1.0)
    ox, oy, oz = px - t * f(dx), py - t * f(dy), pz - t * f(dz)
    reach = np.sqrt(ox * ox + oy * oy + oz * oz)
    return np.asarray(reach - (f(radii[0]) + t * f(radii[1] - radii[0])), dtype=np.float32)


def wobble(x: Field, y: Field, z: Field, *, rng: np.random.Generator, wave: float) -> Field:
    """Return a smooth bumpy field, roughly -1..1, with bumps `wave` mm wide; cheap, for uneven surfaces."""
    total = np.float32(0)
    out: Field = np.zeros(np.broadcast_shapes(x.shape, y.shape, z.shape), dtype=np.float32)
    for _ in range(3):
        kx, ky, kz = rng.uniform(0.7, 1.4, 3) * np.pi / wave
        px, py, pz = rng.uniform(0, 2 * np.pi, 3)
        turn = np.float32(rng.uniform(-0.5, 0.5))
        plane = np.sin(np.float32(kx) * (x + turn * y) + np.float32(px)) * np.sin(
            np.float32(ky) * (y - turn * x) + np.float32(py)
        )
        out += plane * np.sin(np.float32(kz) * z + np.float32(pz))
        total += 1
    return out * np.float32(1.6 / total)


def smooth_path(points: Sequence[Point], radii: Sequence[float], *, step: float) -> tuple[Field, Field]:
    """Return a Catmull-Rom curve through the points, shape (n, 3), and its radii, about `step` mm apart."""
    p, r = np.asarray(points, dtype=float), np.asarray(radii, dtype=float)
    if len(p) < 3:
        return p.astype(np.float32), r.astype(np.float32)
    rows = np.column_stack([p, r])
    padded = np.vstack([2 * rows[0] - rows[1], rows, 2 * rows[-1] - rows[-2]])
    out = []
    for i in range(1, len(padded) - 2):
        a, b, c, d = padded[i - 1 : i + 3]
        count = max(int(np.linalg.norm(c[:3] - b[:3]) / step), 1)
        t = (np.arange(count) / count)[:, None]
        curve = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        out.append(0.5 * curve)
    path = np.vstack([*out, rows[-1:]])
    return path[:, :3].astype(np.float32), np.maximum(path[:, 3], 0.3).astype(np.float32)


def tube(
    slab: Slab, path: Field, radii: Field, *, margin: float = 4.0, stretch: Point = (1.0, 1.0, 1.0), blend: float = 0.0
) -> tuple[Box, Field] | None:
    """Return where a tube along `path` may be and its signed distance there; FAR beyond `margin`.

    `stretch` makes the section elliptical: radii are multiplied by it along x, y and z. `blend` unites the segments
    smoothly over that many mm.
    """
    reach = (np.max(radii) + margin) * np.asarray(stretch)
    whole = slab.box(path.min(axis=0) - reach, path.max(axis=0) + reach)
    if whole is None:
        return None
    sx, sy, sz = (np.float32(s) for s in stretch)
    out = np.full(tuple(s.stop - s.start for s in whole), FAR, dtype=np.float32)
    for i in range(len(path) - 1):
        a, b = path[i], path[i + 1]
        near = (max(radii[i], radii[i + 1]) + margin) * np.asarray(stretch)
        part = slab.box(np.minimum(a, b) - near, np.maximum(a, b) + near)
        if part is None:
            continue
        x, y, z = slab.at(part)
        ends = ((a[0] / sx, a[1] / sy, a[2] / sz), (b[0] / sx, b[1] / sy, b[2] / sz))
        new = capsule(x / sx, y / sy, z / sz, ends=ends, radii=(float(radii[i]), float(radii[i + 1])))
        view = out[tuple(slice(p.start - w.start, p.stop - w.start) for p, w in zip(part, whole, strict=True))]
        view[...] = smooth_min(view, new, blend) if blend else np.minimum(view, new)
    return whole, out
