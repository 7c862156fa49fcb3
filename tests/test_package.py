"""The package as others get it: what importing it loads, what its wheel holds, which versions it is installed with."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 60


def run(code: str, *arguments: str, folder: Path) -> str:
    """Standard output of `code` in a fresh interpreter that sees only `folder` besides the installed packages."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r})\n{code}", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def modules_of(*rooms: str) -> list[str]:
    """Names of the modules that exist in rooms of murai/, packages and single files alike."""
    files = [file for room in rooms for file in (ROOT / "murai").glob(f"{room}.py")]
    files += [file for room in rooms for file in (ROOT / "murai" / room).rglob("*.py")]
    parts = [file.relative_to(ROOT).with_suffix("").parts for file in files]
    return sorted(".".join(name[:-1] if name[-1] == "__init__" else name) for name in parts)


@pytest.mark.parametrize("room", ["__init__", "errors", "config", "core", "publish"])
def test_importing_it_loads_neither_torch_nor_opengl(room: str) -> None:
    modules = modules_of(room)
    assert modules, f"nothing found in {room}"
    code = """
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "OpenGL", "glfw"}))
"""
    assert run(code, *modules, folder=ROOT).split() == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the built wheel is installed into, away from the checkout."""
    wheels, target = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    offline = ["--no-deps", "--no-index"]
    for step in (
        ["wheel", *offline, "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT)],
        ["install", *offline, "--target", str(target), "--find-links", str(wheels), "murai"],
    ):
        done = subprocess.run(
            [*pip, *step], cwd=wheels, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert done.returncode == 0, done.stderr
    return target


@pytest.mark.parametrize("folder", ["configs", "styles"])
def test_installed_package_finds_all_that_ships(installed: Path, folder: str) -> None:
    code = """
import murai
from murai.core.paths import shipped
folder = shipped(sys.argv[1])
print(murai.__file__)
print(*(file.relative_to(folder) for file in folder.rglob("*") if file.is_file()), sep="\\n")
"""
    where, *found = run(code, folder, folder=installed).splitlines()
    assert Path(where).is_relative_to(installed)
    shipped = [file for file in (ROOT / folder).rglob("*") if file.is_file()]
    assert sorted(found) == sorted(str(file.relative_to(ROOT / folder)) for file in shipped)
    if folder == "configs":
        assert "kiosk.toml" in found


def test_installed_config_loads(installed: Path) -> None:
    code = """
from murai.config import Config, load_config
from murai.core.paths import shipped
assert load_config(shipped("configs") / "kiosk.toml") == Config()
"""
    run(code, folder=installed)


def test_all_that_it_needs_is_pinned_at_what_is_installed() -> None:
    pins = dict(
        line.split("==")
        for line in (ROOT / "scripts" / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    needed = {name: importlib.metadata.version(name).partition("+")[0] for name in needed_packages()}
    assert {name: pinned.get(name) for name in needed} == needed


def needed_packages() -> set[str]:
    """Everything that the kiosk and its checks need here, with all that these need in turn."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    open_ends = [Requirement(line) for line in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    found: set[str] = set()
    while open_ends:
        requirement = open_ends.pop()
        name = canonicalize_name(requirement.name)
        # PyTorch's own requirements name the CUDA runtime exactly, and differ from build to build.
        known = name in found or name.startswith(("nvidia-", "cuda-", "triton"))
        if known or not (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        open_ends += [Requirement(line) for line in importlib.metadata.requires(name) or ()]
    return found
