"""The C side as an engine sees it: the public header through cffi and the shared library."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import cffi
import numpy as np
import pytest
from facelite.student import Student

HEADERS = Path(__file__).parents[2] / "kernels" / "include"


@pytest.fixture(scope="module")
def declarations(tmp_path_factory):
    """The public header after preprocessing; cffi knows the standard types, so their headers are empty here."""
    empty = tmp_path_factory.mktemp("empty")
    for name in ("stddef.h", "stdint.h"):
        (empty / name).write_text("")
    compiler = shutil.which("cc") or shutil.which("gcc") or "clang"
    command = [compiler, "-E", "-P", "-nostdinc", f"-I{empty}", f"-I{HEADERS}", "-DFACELITE_API="]
    done = subprocess.run([*command, HEADERS / "facelite" / "facelite.h"], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def library(declarations, c_build):
    ffi = cffi.FFI()
    ffi.cdef(declarations)
    return ffi, ffi.dlopen(str(next((c_build / "kernels").glob("libfacelite.*[so,dylib]"))))


def aligned(ffi, size):
    """A buffer and a pointer into it, aligned to 64 bytes; the buffer must stay alive."""
    buffer = ffi.new("char[]", int(size) + 64)
    address = int(ffi.cast("uintptr_t", buffer))
    return buffer, ffi.cast("void *", address + -address % 64)


def test_the_header_and_the_shared_library_give_the_bindings_frames(library, blobs):
    ffi, lib = library
    blob = blobs["tiny"]
    keep_blob, blob_at = aligned(ffi, len(blob))
    ffi.memmove(blob_at, blob, len(blob))
    info = ffi.new("facelite_info *")
    assert lib.facelite_inspect(blob_at, len(blob), info) == lib.FACELITE_OK
    keep_model, model_at = aligned(ffi, info.model_bytes)
    keep_stream, stream_at = aligned(ffi, info.stream_bytes)
    keep_scratch, scratch = aligned(ffi, info.scratch_bytes)
    model, stream, written = ffi.new("facelite_model **"), ffi.new("facelite_stream **"), ffi.new("size_t *")
    made = lib.facelite_model_init(model_at, info.model_bytes, blob_at, len(blob), ffi.cast("facelite_model **", model))
    assert made == lib.FACELITE_OK
    assert lib.facelite_stream_init(stream_at, info.stream_bytes, model[0], stream) == lib.FACELITE_OK
    pcm = np.random.default_rng(0).normal(0, 0.3, 10_000).astype(np.float32)
    want = Student(blob).animate(pcm)
    got = np.zeros_like(want)
    frames, samples = ffi.from_buffer("float *", got), ffi.from_buffer("float *", pcm)
    assert lib.facelite_stream_push_f32(stream[0], scratch, samples, len(pcm), frames, len(want), written) == 0
    done = written[0]
    rest = frames + done * info.controls
    assert lib.facelite_stream_flush(stream[0], scratch, rest, len(want) - done, written) == 0
    assert done + written[0] == len(want)
    np.testing.assert_array_equal(got, want)
    names = [ffi.string(lib.facelite_control_name(model[0], index)).decode() for index in range(info.controls)]
    assert tuple(names) == Student(blob).controls
    assert lib.facelite_control_name(model[0], info.controls) == ffi.NULL
    del keep_blob, keep_model, keep_stream, keep_scratch


def test_every_status_has_its_own_text(library):
    ffi, lib = library
    texts = {ffi.string(lib.facelite_strerror(status)) for status in range(10)}
    assert len(texts) == 10
    assert ffi.string(lib.facelite_version()) == b"0.1.0"


@pytest.mark.parametrize(("language", "standard"), [("c", "c11"), ("c++", "c++17")])
@pytest.mark.parametrize("header", ["facelite.h", "facelite_debug.h"])
def test_headers_stand_alone_in_c_and_cpp(tmp_path, language, standard, header):
    source = tmp_path / "user.txt"
    source.write_text(
        f"#include <facelite/{header}>\nint main(void) {{ return facelite_strerror(FACELITE_OK) == 0; }}\n"
    )
    strict = ["-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror", f"-std={standard}"]
    subprocess.run(["cc", "-x", language, *strict, f"-I{HEADERS}", "-fsyntax-only", source], check=True)


def test_the_library_needs_nothing_but_memory_and_string_functions(c_build):
    """No malloc, no printf, no libm: an engine may link it anywhere."""
    library = next((c_build / "kernels").glob("libfacelite.so"))
    listing = subprocess.run(["nm", "-D", "--undefined-only", library], check=True, capture_output=True, text=True)
    needed = {line.split()[-1].split("@")[0] for line in listing.stdout.splitlines() if " U " in line}
    strings = {"memcpy", "memset", "memcmp", "memmove", "strcmp", "strlen"}
    assert needed <= strings | {"getenv", "getauxval", "__stack_chk_fail"}
