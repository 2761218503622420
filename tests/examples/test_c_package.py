"""What `cmake --install` leaves: a library that links anywhere, headers that compile anywhere, two ways to find it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from .conftest import BIN, ROOT

STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-pedantic", "-Werror"]
COMPILERS = ["g++", pytest.param("clang++", marks=pytest.mark.program("clang"))]
WRAPPER = r"""
#include <facelite/facelite.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>
#if __cplusplus >= 202002L
#include <span>
static_assert(std::is_constructible_v<std::span<float>, facelite::Span<float>>);
static_assert(std::is_constructible_v<facelite::Span<const float>, std::span<float>>);
static_assert(std::ranges::view<facelite::Span<float>>);
#endif
static_assert(!std::is_constructible_v<facelite::Span<float>, const std::vector<float> &>);
static_assert(!std::is_copy_constructible_v<facelite::Model>);
static_assert(std::is_nothrow_move_assignable_v<facelite::Stream>);

static int taken, given, trodden;
static std::vector<std::pair<unsigned char *, std::size_t>> blocks; // a guard of 64 bytes behind each
static void *take(void *, std::size_t bytes, std::size_t alignment) noexcept {
    taken++;
    void *memory = ::operator new(bytes + 64, std::align_val_t{alignment}, std::nothrow);
    blocks.emplace_back(static_cast<unsigned char *>(memory), bytes);
    std::memset(blocks.back().first + bytes, 0x5a, 64);
    return memory;
}
static void give(void *, void *memory) noexcept {
    given++;
    for (auto [start, bytes] : blocks)
        for (std::size_t i = bytes; start == memory && i < bytes + 64; i++) trodden += start[i] != 0x5a;
    auto freed = std::find_if(blocks.begin(), blocks.end(), [=](auto &block) { return block.first == memory; });
    if (freed != blocks.end()) blocks.erase(freed);
    ::operator delete(memory, std::align_val_t{FACELITE_ALIGNMENT}, std::nothrow);
}
static void *refuse(void *, std::size_t, std::size_t) noexcept { return nullptr; }

#define REQUIRE(what) if (!(what)) { std::printf("line %d: %s\n", __LINE__, #what); return 1; }

static std::vector<char> bytes_of(const char *path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A crowd says what each of it says alone, inside the scratch that it asked for, and not inside a smaller model's.
static int crowd(const facelite::Model &model, const facelite::Model &smaller, const facelite::Allocator &own,
                 std::size_t count) {
    const std::vector<float> pcm(5000, 0.1f);
    facelite::Stream alone;
    facelite::Scratch scratch, small, other;
    REQUIRE(alone.open(model) && scratch.open(model, count, own) && scratch.characters() == count);
    REQUIRE(other.open(smaller, count, own) && other.size() < scratch.size());
    std::vector<float> wanted(alone.frames_for(pcm.size()) * alone.controls());
    std::vector<facelite::Stream> streams(count);
    std::vector<std::vector<float>> frames(count, std::vector<float>(wanted.size()));
    std::vector<facelite_stream *> handles;
    std::vector<const float *> in(count, pcm.data());
    std::vector<float *> out;
    std::vector<std::size_t> written(count);
    for (std::size_t i = 0; i < count; i++) {
        REQUIRE(streams[i].open(model, 0, own));
        handles.push_back(streams[i].handle());
        out.push_back(frames[i].data());
    }
    const std::size_t room = wanted.size() / alone.controls();
    REQUIRE(facelite::step<float>(handles, small, in, pcm.size(), out, room, written).code() == FACELITE_E_MEMORY);
    REQUIRE(facelite::step<float>(handles, other, in, pcm.size(), out, room, written).code() == FACELITE_E_MEMORY);
    REQUIRE(facelite::step<float>(handles, scratch, {}, pcm.size(), out, room, written).code() == FACELITE_E_ARGUMENT);
    REQUIRE(facelite::step<float>(handles, scratch, in, pcm.size(), out, room, written));
    REQUIRE(alone.push(pcm, scratch, wanted).count == room);
    for (std::size_t i = 0; i < count; i++) REQUIRE(written[i] == room && frames[i] == wanted);
    facelite::Stream stranger;
    REQUIRE(stranger.open(smaller) && facelite_stream_model(stranger.handle()) == smaller.handle());
    handles.back() = count > 1 ? stranger.handle() : nullptr;
    REQUIRE(facelite::step<float>(handles, scratch, in, 0, out, room, written).code() == FACELITE_E_ARGUMENT);
    return 0;
}

int main(int, char **words) {
    const std::vector<char> bytes = bytes_of(words[1]), small_bytes = bytes_of(words[2]);
    const std::int16_t whole[3] = {1, 2, 3};
    REQUIRE(facelite::as_bytes(whole).size() == sizeof whole && facelite::as_bytes(bytes).size() == bytes.size());
    {
        const facelite::Allocator own = {take, give, nullptr};
        facelite::Model empty, smaller;
        REQUIRE(smaller.load(facelite::as_bytes(small_bytes), own));
        facelite::Stream stream;
        facelite::Scratch scratch;
        std::array<float, 8> few{};
        REQUIRE(stream.open(empty).code() == FACELITE_E_ARGUMENT);
        REQUIRE(stream.sample(0, few).code() == FACELITE_E_ARGUMENT);
        REQUIRE(stream.push(few, scratch, few).status.code() == FACELITE_E_ARGUMENT);

        facelite::Model model;
        REQUIRE(model.load(facelite::as_bytes(bytes), {refuse, give, nullptr}).code() == FACELITE_E_MEMORY);
        REQUIRE(model.load(facelite::as_bytes(bytes), own));
        std::vector<char> damaged = bytes;
        damaged.back() = static_cast<char>(damaged.back() + 1);
        REQUIRE(model.load(facelite::as_bytes(damaged)).code() == FACELITE_E_CHECKSUM);
        REQUIRE(model.handle() != nullptr && model.control_name(0) != nullptr);

        REQUIRE(stream.open(model, 48000, own) && scratch.open(model, 1, own));
        REQUIRE(stream.open(model, 12345).code() == FACELITE_E_ARGUMENT);
        facelite::Stream moved = std::move(stream);
        REQUIRE(stream.handle() == nullptr && stream.frames_for(1000) == 0);
        std::vector<float> pcm(48000), frames(moved.frames_for(pcm.size()) * moved.controls());
        REQUIRE(moved.push(pcm, scratch, few).status.code() == FACELITE_E_CAPACITY);
        const auto [status, count] = moved.push(pcm, scratch, frames);
        REQUIRE(status && count * moved.controls() == frames.size() && count > 50);
        REQUIRE(moved.sample(1, few).code() == FACELITE_E_CAPACITY);
        facelite::Scratch none;
        REQUIRE(none.open(empty).code() == FACELITE_E_ARGUMENT && none.open(model, 0).code() == FACELITE_E_ARGUMENT);
        REQUIRE(moved.push(pcm, none, frames).status.code() == FACELITE_E_MEMORY);
        REQUIRE(moved.flush(none, frames).status.code() == FACELITE_E_MEMORY);
        const facelite_latency sum = moved.latency();
        REQUIRE(sum.resampler > 0 && sum.hop == double(model.info().hop) / model.info().sample_rate);
        for (unsigned characters : {1u, 2u, 9u}) REQUIRE(crowd(model, smaller, own, characters) == 0);
        facelite::Model elsewhere = std::move(model);
        REQUIRE(model.handle() == nullptr && elsewhere.isa() != nullptr);
    }
    REQUIRE(taken == given && taken == 2 + 4 + 2 * 3 + (1 + 2 + 9) && trodden == 0);
    std::puts("ok");
}
"""


@pytest.mark.parametrize("standard", ["c++17", "c++20"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_the_cpp_wrapper(prefix, clip, run_program, tmp_path, compiler, standard):
    (tmp_path / "wrapper.cpp").write_text(WRAPPER)
    options = [f"-std={standard}", "-fno-exceptions", "-fno-rtti", *STRICT, f"-I{prefix / 'include'}"]
    program = tmp_path / "wrapper"
    run_program(compiler, *options, tmp_path / "wrapper.cpp", prefix / "lib" / "libfacelite.a", "-o", program)
    assert run_program(program, clip.student, ROOT / "tests" / "c" / "data" / "zoo.facelite") == "ok\n"


@pytest.mark.program("pkg-config")
@pytest.mark.parametrize("linkage", ["shared", "static"])
def test_pkg_config_follows_the_package(prefix, run_program, tmp_path, linkage):
    """The installed folder is moved: nothing in it says where it was built or first installed."""
    moved = shutil.copytree(prefix, tmp_path / "elsewhere", symlinks=True)
    if linkage == "static":
        for library in moved.glob("lib/*.so*"):
            library.unlink()
    where = {**os.environ, "PKG_CONFIG_PATH": str(moved / "lib" / "pkgconfig"), "LD_LIBRARY_PATH": str(moved / "lib")}
    assert all(str(prefix).encode() not in file.read_bytes() for file in moved.glob("lib/**/*.[pc][cm]*"))
    (tmp_path / "user.c").write_text(
        "#include <facelite/facelite.h>\n#include <stdio.h>\nint main(void) { return puts(facelite_version()) < 0; }\n"
    )
    flags = run_program("pkg-config", "--cflags", "--libs", "facelite", env=where).split()
    run_program("cc", tmp_path / "user.c", *flags, "-o", tmp_path / "user")
    version = run_program("pkg-config", "--modversion", "facelite", env=where)
    assert run_program(tmp_path / "user", env=where) == version


@pytest.mark.program("pkg-config")
def test_pkg_config_keeps_folders_that_are_absolute(run_program, tmp_path):
    folders = {"libdir": str(tmp_path / "l"), "includedir": str(tmp_path / "i")}
    options = [f"-DCMAKE_INSTALL_{name.upper()}={folder}" for name, folder in folders.items()]
    run_program(
        BIN / "cmake", "-S", ROOT, "-B", tmp_path / "build", *options, "-DFACELITE_TESTS=OFF", "-DFACELITE_TOOLS=OFF"
    )
    where = {**os.environ, "PKG_CONFIG_PATH": str(tmp_path / "build" / "kernels")}
    for name, folder in folders.items():
        assert run_program("pkg-config", f"--variable={name}", "facelite", env=where).strip() == folder


def test_the_shared_library_exports_the_header_and_nothing_else(prefix, run_program):
    text = "".join(path.read_text() for path in (prefix / "include" / "facelite").glob("*.h"))
    declared = set(re.findall(r"^FACELITE_API [^;(]*?\b(facelite_\w+)\(", text, re.MULTILINE))
    listing = run_program("nm", "-D", "--defined-only", prefix / "lib" / "libfacelite.so")
    assert {line.split()[-1] for line in listing.splitlines()} == declared
    assert len(declared) > 25


def test_the_soname_changes_when_the_abi_may(prefix, run_program):
    (major, minor, _) = Path(os.readlink(next((prefix / "lib").glob("libfacelite.so.?.?")))).name.split(".")[-3:]
    wanted = f"libfacelite.so.{major}" if int(major) else f"libfacelite.so.0.{minor}"
    assert f"[{wanted}]" in run_program("readelf", "-d", prefix / "lib" / "libfacelite.so")
