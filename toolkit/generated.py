"""A bundle's `student.c`, compiled here and run as its own stream."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import BadInput, MissingDependency
from .graph import Graph
from .runtimes import Heard, read

_WRAPPER = """#include "student.c"
size_t stream_bytes(void) {{ return sizeof({p}_stream); }}
void stream_reset(void *stream) {{ {p}_reset(({p}_stream *)stream); }}
void stream_hops(void *stream, const int8_t *codes, size_t hops, int8_t *frames) {{
    for (size_t i = 0; i < hops; i++) {{
        {p}_hop(({p}_stream *)stream, codes + i * {P}_HOP, frames + i * {P}_CONTROLS);
    }}
}}
"""
"""Its functions by names that do not depend on the student's, and the size of its struct."""


def compiler() -> list[str] | None:
    """The C compiler's command: what `CC` says, or the first of cc, gcc and clang; None if there is none."""
    wanted = shlex.split(os.environ.get("CC", ""))
    for command in [wanted] if wanted else [["cc"], ["gcc"], ["clang"]]:
        if shutil.which(command[0]):
            return command
    return None


class GeneratedC:
    """`student.c` of a bundle, streaming.

    It is compiled into a shared library and runs in this process: do that with bundles that you trust.

    Raises
    ------
    BadInput
        The bundle holds no student.c and student.h, they are another student's, or they do not compile.
    MissingDependency
        There is no C compiler.
    """

    name = "student.c"

    def __init__(self, bundle: Path, graph: Graph) -> None:
        command = compiler()
        if command is None:
            raise MissingDependency("running student.c", "a C compiler", "apt-get install gcc, or set CC")
        header = read(bundle / "student.h").decode("utf-8", "replace")
        source = read(bundle / "student.c")
        self.quant = graph.tensors[-1].quant
        self._controls = len(graph.controls)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "student.c").write_bytes(source)
            (Path(folder) / "student.h").write_text(header, encoding="utf-8")
            prefix = _prefix(header, bundle, graph)
            (Path(folder) / "wrapper.c").write_text(_WRAPPER.format(p=prefix, P=prefix.upper()))
            self._library = ctypes.CDLL(str(_compiled(command, Path(folder), bundle)))
        self._library.stream_bytes.restype = ctypes.c_size_t

    def __call__(self, heard: Heard) -> NDArray[np.int8]:
        return self.stream(heard)[heard.hops - 1]

    def stream(self, heard: Heard) -> NDArray[np.int8]:
        """Every hop's output codes, int8 [hops, controls]."""
        codes = np.ascontiguousarray(heard.codes[heard.window :])
        frames = np.empty((len(codes) // heard.hop, self._controls), np.int8)
        stream = ctypes.create_string_buffer(self._library.stream_bytes())
        self._library.stream_reset(stream)
        given, made = (array.ctypes.data_as(ctypes.c_void_p) for array in (codes, frames))
        self._library.stream_hops(stream, given, ctypes.c_size_t(len(frames)), made)
        return frames


def _prefix(header: str, bundle: Path, graph: Graph) -> str:
    """What the names of its functions begin with, once hop and controls are known to be this student's."""
    found = re.search(r"^void (\w+)_reset\(", header, re.MULTILINE)
    sizes = {name: int(value) for name, value in re.findall(r"^#define \w+_(HOP|CONTROLS) (\d+)", header, re.MULTILINE)}
    if found is None or sizes != {"HOP": graph.hop, "CONTROLS": len(graph.controls)}:
        raise BadInput(bundle / "student.h", "is not this bundle's student", "convert the student again")
    return found[1]


def _compiled(command: list[str], folder: Path, bundle: Path) -> Path:
    library = folder / "student.so"
    arguments = ["-std=c11", "-O2", "-shared", "-fPIC", str(folder / "wrapper.c"), "-o", str(library)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if "error" in line] or ["the compiler says nothing"]
        raise BadInput(bundle / "student.c", f"does not compile: {lines[0][:200]}", "convert the student again")
    return library
