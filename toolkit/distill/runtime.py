"""How the backend computes: threads, and operations that repeat to the bit."""

from __future__ import annotations

import keras

from ..errors import BadInput
from .recipe import TrainConfig


def configure(train: TrainConfig) -> None:
    """Set the backend up as the recipe says; before anything is computed, since some of it is fixed from then on.

    Raises
    ------
    BadInput
        The backend runs already, with another number of threads.
    """
    keras.utils.set_random_seed(train.seed)
    backend = keras.backend.backend()
    if backend == "tensorflow":
        _tensorflow(train)
    elif backend == "torch":
        import torch

        if train.threads:
            torch.set_num_threads(train.threads)
        torch.use_deterministic_algorithms(train.deterministic)


def _tensorflow(train: TrainConfig) -> None:
    import tensorflow as tf

    if train.deterministic:
        tf.config.experimental.enable_op_determinism()
    if train.threads:
        try:
            tf.config.threading.set_intra_op_parallelism_threads(train.threads)
            tf.config.threading.set_inter_op_parallelism_threads(1)
        except RuntimeError:
            raise BadInput("train.threads", "this process computes with other threads", "start a new one") from None
