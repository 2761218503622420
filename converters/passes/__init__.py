"""The road from a file's network to nodes that a graph can hold: one ordered list, each pass with its reason."""

from __future__ import annotations

from collections.abc import Callable

from ..network import Network
from .activation import fuse_activations
from .affine import fold_affine
from .dense import dense_to_convolution
from .dilation import merge_space_to_batch
from .refused import refuse, refuse_all_but_padding
from .scales import settle_scales
from .unused import drop_unused
from .views import absorb_views

Pass = Callable[[Network], Network]

PASSES: tuple[Pass, ...] = (
    drop_unused,  # first: what nobody reads need not be supported
    refuse,  # before any rewriting, so that every offender is named at once and as its file names it
    merge_space_to_batch,  # before views: it removes the only nodes that put frames out of order
    absorb_views,  # layout too: leaves computing nodes only, each told which frames of which value it reads
    dense_to_convolution,  # it needs the number of frames and the order that views have found
    fold_affine,  # after dense, so that convolutions are all there is to fold into
    fuse_activations,  # after affine: a normalisation stands between a convolution and its ReLU
    settle_scales,  # last: in a QDQ file a scale belongs to what all of these have left of a layer
)


def normalise(network: Network, windowed_only: bool = False) -> Network:
    """Run every pass in order. A pass that fails stops the conversion with BadInput or Unsupported.

    `windowed_only` lets zero padding pass: the result may have `Pad` nodes, which no graph can hold.
    """
    for step in PASSES:
        network = refuse_all_but_padding(network) if windowed_only and step is refuse else step(network)
    return network
