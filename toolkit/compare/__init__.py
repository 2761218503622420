"""One student on every runtime: which agree to the bit, as they must, and how far the others are apart.

>>> from facelite.compare import compare
>>> compare("out/", {"hello": pcm})["holds"]
"""

from .audio import Recordings, recordings
from .gates import Gate, parse_gate, read_gates
from .numeric import distance, lsb_histogram
from .proof import equality
from .run import WINDOWS, compare
from .table import to_csv

__all__ = [
    "WINDOWS",
    "Gate",
    "Recordings",
    "compare",
    "distance",
    "equality",
    "lsb_histogram",
    "parse_gate",
    "read_gates",
    "recordings",
    "to_csv",
]
