"""Every package that facelite imports is NumPy or belongs to an extra that installs it."""

from __future__ import annotations

import ast
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from facelite.extras import missing_extra
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


def imported(source: Path) -> set[str]:
    """Top-level packages that a file imports, wherever in the file."""
    nodes = list(ast.walk(ast.parse(source.read_text())))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0]
    return {name.partition(".")[0] for name in names}


FOREIGN = sorted(
    {
        package
        for folder in ("toolkit", "converters", "targets")
        for path in (ROOT / folder).rglob("*.py")
        for package in imported(path)
    }
    - set(sys.stdlib_module_names)
    - {"facelite", "numpy"}
)


@pytest.mark.parametrize("package", FOREIGN)
def test_package_is_installed_by_the_extra_that_errors_name(package):
    extra = missing_extra(package)
    assert extra is not None, f"{package} is in no extra of toolkit/extras.py"
    installed_by = {canonicalize_name(name) for name in packages_distributions()[package]}
    assert installed_by & _closure(extra), f"pip install 'facelite[{extra}]' does not bring {package}"


def _closure(extra: str) -> set[str]:
    """Every distribution that `facelite[extra]` installs, dependencies of dependencies included."""
    found: set[tuple[str, str]] = set()
    waiting = [("facelite", extra)]
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in found:
            continue
        found.add((name, wanted))
        for need in map(Requirement, distribution(name).requires or ()):
            if need.marker is None or need.marker.evaluate({"extra": wanted}):
                waiting += [(canonicalize_name(need.name), part) for part in (need.extras or {""})]
    return {name for name, _ in found}
