"""A recording with its face as one page: sound, head, curves and a scrubber, in a file that needs no network.

The player is the report's; the face is `facelite.face.viewer`'s, over three.js. Everything is inlined: modules as an
import map of ``data:`` addresses, since a page from a disk may not import the file beside it.
"""

from __future__ import annotations

from pathlib import Path

import jinja2

from .atomic import write_text
from .curves import Curves
from .export import glb
from .face import viewer
from .report.clip import Clip, as_base64
from .report.page import environment, inline
from .speech.audio import read
from .student import Student

_STYLES = ("report.css", "preview.css")
_SCRIPTS = ("mouth.js", "clip.js", "gaps.js", "rows.js", "theme.js", "timeline.js", "player.js", "preview.js")
"""In order of use: they are joined into one module's body."""


def animated(student: Student, recording: str | Path) -> Clip:
    """A sound file of any kind with the student's curves for it."""
    path = Path(recording)
    pcm = read(path, student.sample_rate)
    curves = Curves(student.animate(pcm), student.controls, student.frame_rate)
    return Clip(path.name, "a file of yours", pcm, student.sample_rate, curves)


def write(path: str | Path, clip: Clip, head: str | Path | None = None) -> None:
    """Write the page, whole or not at all.

    Parameters
    ----------
    path
        The .html file; about 2 MB and 43 kB a second of sound.
    clip
        The recording with its curves.
    head
        A .glb whose morph targets have the names of controls. Default: facelite's own head.

    Raises
    ------
    BadInput
        `head` cannot be read, needs files beside it or is compressed; none of its morph targets is a control.
    """
    write_text(path, render(clip, glb.head_bytes() if head is None else glb.for_viewer(head, clip.curves.controls)))


def render(clip: Clip, head: bytes) -> str:
    """The page for a recording and the bytes of a .glb."""
    return (
        environment()
        .get_template("preview.html.j2")
        .render(
            report={"clip": clip.facts()},
            clip=clip.packed(),
            clip_sound=clip.sound(),
            face_svg=jinja2.utils.markupsafe.Markup('<canvas id="face" role="img" aria-label="The face"></canvas>'),
            head=as_base64(head),
            import_map=viewer.import_map(),
            style=inline(_STYLES),
            script=inline(_SCRIPTS),
        )
    )
