"""What a head is to everything else: one mesh with morph targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Head:
    """A mesh whose morph targets are ARKit's shapes.

    Attributes
    ----------
    positions
        float32 [vertices, 3], metres, Y up, looking along +Z; the head's own left is +X.
    triangles
        int32 [triangles, 3], counter-clockwise from outside.
    colours
        float32 [vertices, 3], linear RGB in 0..1.
    controls
        Name of each shape.
    deltas
        float32 [controls, vertices, 3], metres: what a control of 1 adds to `positions`.
    parts
        Vertices of each part: skin, mouth, lids, teeth_upper, teeth_lower, tongue, eye_left, eye_right, brows, ears.
    edges
        Vertex rows that lie on each other when closed: lip_upper, lip_lower, lid_upper_left, lid_lower_left and so on.
    """

    positions: NDArray[np.float32]
    triangles: NDArray[np.int32]
    colours: NDArray[np.float32]
    controls: tuple[str, ...]
    deltas: NDArray[np.float32]
    parts: dict[str, slice]
    edges: dict[str, NDArray[np.int64]]

    def pose(self, values: Mapping[str, float]) -> NDArray[np.float32]:
        """Positions float32 [vertices, 3] with each named control at its value; KeyError for one that is not here."""
        unknown = set(values) - set(self.controls)
        if unknown:
            raise KeyError(f"the head has no shape {sorted(unknown)[0]}")
        weights = np.array([values.get(name, 0.0) for name in self.controls], np.float32)
        return self.positions + np.einsum("c,cvx->vx", weights, self.deltas)

    def normals(self, positions: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Unit normals float32 [vertices, 3], averaged over the triangles of a vertex by their area."""
        positions = self.positions if positions is None else positions
        corners = positions[self.triangles].astype(np.float64)
        facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        total = np.zeros((len(positions), 3))
        for corner in self.triangles.T:
            np.add.at(total, corner, facing)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        unit = np.where(length > 1e-15, total / np.maximum(length, 1e-15), (0.0, 0.0, 1.0))
        return unit.astype(np.float32)
