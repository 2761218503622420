"""Python for 64-bit Arm, from Debian's packages, into a folder: `python release/arm_python.py FOLDER` prints its root.

Run it by `qemu-aarch64 -L ROOT ROOT/usr/bin/python3.11`. The packages are unpacked, not installed, and apt keeps its
state in the folder: this machine stays as it is.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PACKAGES = (
    "libbz2-1.0",
    "libc6",
    "libexpat1",
    "libffi8",
    "libgcc-s1",
    "liblzma5",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "libssl3",
    "libstdc++6",
    "libuuid1",
    "python3.11-minimal",
    "zlib1g",
)


def main(folder: Path) -> Path:
    """Fetch and unpack; returns the root."""
    state, cache, packages, root = (folder / name for name in ("state", "cache", "packages", "root"))
    for made in (state / "lists" / "partial", cache / "archives" / "partial", packages, root):
        made.mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures::": "arm64",
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": cache,
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    run([*apt, "update"], folder)
    run([*apt, "download", *PACKAGES], packages)
    for package in sorted(packages.glob("*.deb")):
        run(["dpkg-deb", "-x", str(package), str(root)], folder)
    return root


def run(command: list[str], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command[:1] + command[-1:])}: {result.stderr}")


if __name__ == "__main__":
    print(main(Path(sys.argv[1]).resolve()))
