"""The murals: another one for each seed, the same one for the same seed, and paint everywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
MURALS = ("portraits", "tropical", "wildstyle")
PATIENCE_S = 60


def make_murals(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs what scripts/make_mural runs once everything is installed."""
    command = [sys.executable, "-m", "murals", *arguments, "-o", str(folder)]
    return subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("murals")
    done = make_murals(folder, "all", "--size", "192")
    assert (done.returncode, done.stderr) == (0, "")
    assert [Path(line).name for line in done.stdout.splitlines()] == [f"{name}.png" for name in MURALS]
    return folder


@pytest.mark.parametrize("name", MURALS)
def test_a_seed_stands_for_a_mural(drawn: Path, tmp_path: Path, name: str) -> None:
    first = (drawn / f"{name}.png").read_bytes()
    make_murals(tmp_path / "again", name, "--size", "192")
    make_murals(tmp_path / "other", name, "--size", "192", "--seed", "2")
    assert (tmp_path / "again" / f"{name}.png").read_bytes() == first
    assert (tmp_path / "other" / f"{name}.png").read_bytes() != first


@pytest.mark.parametrize("name", MURALS)
def test_there_is_no_large_empty_area_and_no_grey_mush(drawn: Path, name: str) -> None:
    with Image.open(drawn / f"{name}.png") as opened:
        assert opened.size == (192, 192)
        pixels = np.asarray(opened.convert("RGB"), np.float32)
    tiles = pixels.reshape(4, 48, 4, 48, 3).transpose(0, 2, 1, 3, 4).reshape(16, -1, 3)
    assert tiles.std(1).max(1).min() > 30.0  # in levels of 255; bare wall with its grain has about 10
    assert np.ptp(pixels, axis=2).mean() > 50.0


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    refused = make_murals(tmp_path / "file" / "folder", "tropical", "--size", "64")
    assert refused.returncode == 1
    assert "can't write" in refused.stderr and "tropical.png" in refused.stderr
