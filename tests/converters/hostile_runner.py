"""Runs `facelite convert` on each file of a folder in a child process of its own that may use 2 s and 1 GiB.

Usage: hostile_runner.py FOLDER. Prints one JSON object a file: name, exit code (negative: the signal that ended it),
what it said, and whether anything was left behind. The limits count what a file costs, not what importing costs.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from importlib import import_module
from pathlib import Path

SECONDS, BYTES = 2, 1 << 30


def main(folder: Path) -> None:
    for module in ("facelite.converters.bundle", "h5py", "onnx.shape_inference", "ai_edge_litert.schema_py_generated"):
        import_module(module)  # so that no child does
    assert "tensorflow" not in sys.modules
    for path in sorted(folder.iterdir()):
        if path.suffix in (".onnx", ".tflite", ".keras"):
            print(json.dumps(judge(path)), flush=True)


def judge(path: Path) -> dict:
    """What became of one file."""
    home = Path(tempfile.mkdtemp())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 2)
        code = 99
        try:
            code = convert(path, home)
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as stream:
        said = stream.read()
    _, status, used = os.wait4(child, 0)
    left = [entry.name for entry in home.iterdir()]
    return {
        "name": path.name,
        "code": os.waitstatus_to_exitcode(status),
        "said": said,
        "left": left,
        "seconds": used.ru_utime + used.ru_stime,
    }


def convert(path: Path, home: Path) -> int:
    from facelite.cli import main as facelite

    pages = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (pages + BYTES, pages + BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    return facelite(["convert", str(path), "-o", str(home / "out"), "--spec", str(path.parent / "student.toml")])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
