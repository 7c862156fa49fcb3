"""What the scripts say and make, as far as it can be seen without installing anything."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
PATIENCE_S = 60


def bash(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` with the functions of _setup.sh; the environment says nothing of MURAI_ but what is given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MURAI_")}
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; source '{SCRIPTS}/_setup.sh'; {code}"],
        env=inherited | environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def program(folder: Path, name: str, text: str) -> None:
    """A shell program on a PATH of its own."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("header", "extra"),
    [
        ("| NVIDIA-SMI 570.1   Driver Version: 570.1   CUDA Version: 12.8 |", "cuda12"),
        ("| NVIDIA-SMI 580.1   Driver Version: 580.1   CUDA Version: 13.0 |", "cuda13"),
        ("| NVIDIA-SMI 470.1   Driver Version: 470.1   CUDA Version: 11.4 |", "cpu"),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "cpu"),
    ],
)
def test_builds_follow_from_what_the_driver_offers(tmp_path: Path, header: str, extra: str) -> None:
    program(tmp_path, "nvidia-smi", f'echo "{header}"')
    assert bash("wanted_extra", PATH=f"{tmp_path}:{os.environ['PATH']}").stdout.strip() == extra


@pytest.mark.parametrize(
    ("capability", "extra"), [("6.1", "cuda12"), ("7.0", "cuda12"), ("7.5", "cuda13"), ("12.0", "cuda13")]
)
def test_a_gpu_before_turing_gets_builds_that_still_know_it(tmp_path: Path, capability: str, extra: str) -> None:
    header = "| NVIDIA-SMI 580.1   Driver Version: 580.1   CUDA Version: 13.0 |"
    program(
        tmp_path, "nvidia-smi", f'case "$1" in --query-gpu=compute_cap) echo {capability};; *) echo "{header}";; esac'
    )
    assert bash("wanted_extra", PATH=f"{tmp_path}:{os.environ['PATH']}").stdout.strip() == extra


def test_builds_that_are_asked_for_win_and_unknown_ones_are_refused(tmp_path: Path) -> None:
    program(tmp_path, "nvidia-smi", 'echo "CUDA Version: 13.0"')
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert bash("wanted_extra", PATH=path, MURAI_EXTRA="cpu").stdout.strip() == "cpu"
    refused = bash("wanted_extra", MURAI_EXTRA="gpu")
    assert refused.returncode == 1
    assert refused.stderr == "murai: MURAI_EXTRA=gpu can't be used: cpu, cuda12 or cuda13\n"


def test_without_apt_the_missing_packages_are_named(tmp_path: Path) -> None:
    told = bash("PATH=$EMPTY; install_packages xvfb libegl1", EMPTY=str(tmp_path))
    assert told.returncode == 1
    assert "missing here, by their Debian names: xvfb libegl1." in told.stderr
    assert told.stderr.count("\n") == 1


def test_failing_apt_is_one_line_that_names_packages_and_log(tmp_path: Path) -> None:
    program(tmp_path, "apt-get", 'echo "E: Unable to fetch some archives"; exit 100')
    program(tmp_path, "sudo", 'shift; exec "$@"')
    log = tmp_path / "out" / "setup.log"
    told = bash(f"LOG='{log}'; install_packages xvfb", PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].startswith("murai: Debian packages can't be installed: xvfb.")
    assert "Unable to fetch" in log.read_text(encoding="utf-8")


def test_venv_that_was_interrupted_or_moved_is_not_whole(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True, timeout=60)
    whole = f"VENV='{tmp_path}/venv'; venv_is_whole"
    assert bash(whole).returncode == 0
    mark = tmp_path / "venv" / ".murai-installing"
    mark.touch()
    assert bash(whole).returncode == 1
    mark.unlink()
    (tmp_path / "venv").rename(tmp_path / "moved")
    assert bash(whole.replace("/venv'", "/moved'")).returncode == 1


def test_contact_sheet_shows_the_recording_in_order(tmp_path: Path) -> None:
    recording, sheet = tmp_path / "show.mp4", tmp_path / "show.png"
    record(recording, seconds=8)
    done = contact_sheet(recording, sheet)
    assert done.returncode == 0, done.stderr
    with Image.open(sheet) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=np.int32)
    assert pixels.shape[1] == 4 * 408 + 8
    middles = [pixels[8 + row * 233 + 112, 8 + column * 408 + 200] for row in range(4) for column in range(4)]
    # Two pictures a second, of the grey that this second was drawn in.
    for index, middle in enumerate(middles):
        assert np.abs(middle - grey_of(index // 2)).max() <= 6, f"picture {index}"


@pytest.mark.parametrize("content", [b"", b"no film at all\n"])
def test_contact_sheet_of_no_recording_is_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.mp4"
    file.write_bytes(content)
    done = contact_sheet(file, tmp_path / "sheet.png")
    assert done.returncode == 1
    assert str(file) in done.stderr
    assert done.stderr.count("\n") == 1


def contact_sheet(recording: Path, sheet: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPTS / "contact_sheet.py"), str(recording), "-o", str(sheet)],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def grey_of(second: int) -> int:
    return 40 + 25 * second


def record(file: Path, seconds: int, fps: int = 10) -> None:
    """H.264 at 320x180 whose every second is one grey, with a key frame only at the start."""
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"g": "1000", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.time_base = Fraction(1, fps)
        for index in range(seconds * fps):
            picture = np.full((180, 320, 3), grey_of(index // fps), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
