"""Mesh teachers: moving vertices as a few controls, and a student's controls as moving vertices again.

Principal components of the vertices' motion are the controls, each divided by its standard deviation so that a
student's int8 output spends its steps evenly: an error of one step in a small component moves the mesh little.

>>> basis = MeshBasis.fit(vertices)  # doctest: +SKIP
>>> export.write("take1.npz", Curves(basis.weights(vertices), basis.controls, fps))  # doctest: +SKIP
>>> moved = basis.vertices(student.animate(pcm))  # doctest: +SKIP
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..atomic import replacing
from ..errors import BadInput

VARIANCE = 0.999
"""Share of the motion that is kept unless told otherwise."""

_KEYS = ("mean", "components", "deviations", "kept")


@dataclass(frozen=True, eq=False)
class MeshBasis:
    """A resting face and the directions in which it moves.

    Attributes
    ----------
    mean
        float32 [vertices, 3], in the mesh's own unit.
    components
        float32 [controls, vertices, 3], orthonormal; the first moves most.
    deviations
        float32 [controls], standard deviation of each control in the mesh's unit.
    kept
        Share of the motion's variance that the components hold.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    deviations: NDArray[np.float32]
    kept: float

    @classmethod
    def fit(cls, vertices: ArrayLike, variance: float = VARIANCE, components: int | None = None) -> MeshBasis:
        """The principal components of a mesh's motion.

        Parameters
        ----------
        vertices
            float [frames, vertices, 3]; with head motion taken out, or it becomes most of the variance. Takes about
            three times its size in memory.
        variance
            Share of the variance to keep, above 0 and below 1: as few components as hold it.
        components
            So many instead.

        Raises
        ------
        BadInput
            The array has another shape, is not finite or does not move, or so much cannot be kept.
        """
        from sklearn.decomposition import PCA

        motion = _checked(vertices)
        flat = motion.reshape(len(motion), -1)
        if components is None and not 0 < variance < 1:
            raise BadInput("variance", f"{variance:g} is no share", "give one above 0 and below 1, such as 0.999")
        most = min(len(flat) - 1, flat.shape[1])
        if components is not None and not 1 <= components <= most:
            raise BadInput("components", f"{components} of at most {most}", "give more frames or fewer components")
        if float(flat.std(0).max()) == 0:
            raise BadInput("vertices", "do not move", "give frames of a face that speaks")
        pca = PCA(components or variance, svd_solver="full").fit(flat)
        alive = pca.explained_variance_ > 1e-12 * pca.explained_variance_[0]
        shape = (-1, *motion.shape[1:])
        return cls(
            mean=pca.mean_.reshape(shape[1:]).astype(np.float32),
            components=pca.components_[alive].reshape(shape).astype(np.float32),
            deviations=np.sqrt(pca.explained_variance_[alive]).astype(np.float32),
            kept=float(pca.explained_variance_ratio_[alive].sum()),
        )

    @property
    def controls(self) -> tuple[str, ...]:
        """A name for each component: mesh000, mesh001, …"""
        return tuple(f"mesh{index:03d}" for index in range(len(self.components)))

    def weights(self, vertices: ArrayLike) -> NDArray[np.float32]:
        """Controls of a moving mesh: float [frames, vertices, 3] -> float32 [frames, controls], signed.

        Raises
        ------
        BadInput
            Another number of vertices than the basis has, or values that are not finite.
        """
        motion = _checked(vertices)
        if motion.shape[1:] != self.mean.shape:
            problem = f"have shape {motion.shape}; the basis has {len(self.mean)} vertices"
            raise BadInput("vertices", problem, "use the mesh that the basis was made from")
        away = (motion - self.mean).reshape(len(motion), -1)
        return (away @ self.components.reshape(len(self.components), -1).T / self.deviations).astype(np.float32)

    def vertices(self, weights: ArrayLike) -> NDArray[np.float32]:
        """The mesh that controls move: float [frames, controls] -> float32 [frames, vertices, 3].

        Raises
        ------
        BadInput
            Another number of controls than the basis has.
        """
        curves = np.asarray(weights, np.float32)
        if curves.ndim != 2 or curves.shape[1] != len(self.components):
            problem = f"have shape {curves.shape}; the basis has {len(self.components)} controls"
            raise BadInput("controls", problem, "use a student that was trained on this basis")
        flat = (curves * self.deviations) @ self.components.reshape(len(self.components), -1)
        return (flat.reshape(len(curves), *self.mean.shape) + self.mean).astype(np.float32)

    def save(self, path: str | Path) -> None:
        """Write an .npz, whole or not at all: the attributes by their names."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **{key: getattr(self, key) for key in _KEYS})

    @classmethod
    def open(cls, path: str | Path) -> MeshBasis:
        """Read what `save` wrote.

        Raises
        ------
        BadInput
            The file cannot be read or holds something else.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                mean, components, deviations, kept = (np.asarray(archive[key], np.float32) for key in _KEYS)
        except OSError as error:
            raise BadInput(path, f"cannot be read ({error.strerror or error})") from None
        except (ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
            raise BadInput(path, f"is no mesh basis ({error})", "make one with MeshBasis.fit(…).save(…)") from None
        if components.shape != (len(deviations), *mean.shape) or mean.ndim != 2 or mean.shape[1] != 3:
            raise BadInput(path, f"its components have shape {components.shape}", "make the basis again")
        return cls(mean, components, deviations, float(kept))


def _checked(vertices: ArrayLike) -> NDArray[np.floating]:
    motion = np.asarray(vertices)
    if motion.ndim != 3 or motion.shape[2] != 3 or len(motion) < 2 or motion.shape[1] < 1:
        raise BadInput("vertices", f"have shape {motion.shape}", "give [frames, vertices, 3] with two frames or more")
    if motion.dtype not in (np.float32, np.float64):
        motion = motion.astype(np.float32)
    if not np.isfinite(motion).all():
        raise BadInput("vertices", "hold NaN or infinity", "repair the mesh cache")
    return motion
