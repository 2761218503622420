"""The Virtual Motion Capture protocol's blend shapes, marionette side; its convention is UDP port 39539 or 39540.

https://protocol.vmc.info: values are set one message each and take effect with ``/VMC/Ext/Blend/Apply``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import osc


def packets(controls: Sequence[str], values: Sequence[float], seconds: float) -> Iterable[bytes]:
    """One frame as OSC bundles, each small enough for a datagram.

    Parameters
    ----------
    controls, values
        Names and values, 0 to 1, in the same order.
    seconds
        Time of the frame since the stream began.
    """
    return osc.bundles(
        (
            osc.message("/VMC/Ext/OK", 1),
            osc.message("/VMC/Ext/T", float(seconds)),
            *(
                osc.message("/VMC/Ext/Blend/Val", name, float(value))
                for name, value in zip(controls, values, strict=True)
            ),
            osc.message("/VMC/Ext/Blend/Apply"),
        )
    )
