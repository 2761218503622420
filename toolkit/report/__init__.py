"""One report a bundle: report.json for programs, and report.html, a single page that plays the face.

>>> from facelite import data
>>> from facelite.report.build import build
>>> build("out/", data.demo_clip()).page
"""

from .clip import Clip
from .content import collect
from .page import render, write
from .timing import Timing, measure

__all__ = ["Clip", "Timing", "collect", "measure", "render", "write"]
