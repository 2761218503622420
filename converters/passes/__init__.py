"""The road from a file's network to nodes that a graph can hold: one ordered list, each pass with its reason."""

from __future__ import annotations

from collections.abc import Callable

from ..network import Network
from .dense import dense_to_convolution
from .dilation import merge_space_to_batch
from .refused import refuse
from .unused import drop_unused
from .views import absorb_views

Pass = Callable[[Network], Network]

PASSES: tuple[Pass, ...] = (
    drop_unused,  # first: what nobody reads need not be supported
    refuse,  # before any rewriting, so that every offender is named at once and as its file names it
    merge_space_to_batch,  # before views: it removes the only nodes that put frames out of order
    absorb_views,  # leaves computing nodes only, each told which frames of which value it reads
    dense_to_convolution,  # last: it needs the number of frames that views have found
)


def normalise(network: Network) -> Network:
    """Run every pass in order. A pass that fails stops the conversion with BadInput or Unsupported."""
    for step in PASSES:
        network = step(network)
    return network
