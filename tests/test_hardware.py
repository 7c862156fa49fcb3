"""What is chosen, and why, for the machines that there are."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from murai import hardware
from murai.errors import HardwareError
from murai.hardware import choose_compute, cpu_flags, usable_cores


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """The processor's flags are remembered: not from one test to the next."""
    cpu_flags.cache_clear()
    yield
    cpu_flags.cache_clear()


def machine_with(monkeypatch: pytest.MonkeyPatch, *flags: str) -> None:
    monkeypatch.setattr(hardware, "cpu_flags", lambda: frozenset(flags))


def without_cuda(monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    monkeypatch.setattr(torch.version, "cuda", version)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("version", "reason"),
    [(None, "this torch is built without CUDA"), ("13.0", "no NVIDIA GPU with a working driver was found")],
)
def test_cuda_that_cannot_be_had(monkeypatch: pytest.MonkeyPatch, version: str | None, reason: str) -> None:
    without_cuda(monkeypatch, version)
    with pytest.raises(HardwareError, match=f"device cuda can't be used: {reason}.*--device auto"):
        choose_compute("cuda")
    chosen = choose_compute("auto")
    assert (chosen.device, chosen.reason) == ("cpu", reason)


def test_the_remedy_names_what_the_readme_has(monkeypatch: pytest.MonkeyPatch) -> None:
    without_cuda(monkeypatch, None)
    with pytest.raises(HardwareError, match=r"README, 'The booth', paragraph 'GPU\.'"):
        choose_compute("cuda")
    readme = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
    booth = readme.partition("\n## The booth\n")[2].partition("\n## ")[0]
    assert "\n**GPU.** " in booth


def test_a_machine_without_gpu_says_so_itself() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    with pytest.raises(HardwareError, match="device cuda can't be used"):
        choose_compute("cuda")
    assert choose_compute("auto").device == "cpu"


@pytest.mark.gpu
def test_a_machine_with_gpu_takes_it() -> None:
    for wanted in ("auto", "cuda"):
        chosen = choose_compute(wanted)  # type: ignore[arg-type]
        assert chosen.device == "cuda"
        assert torch.cuda.get_device_name(0) in chosen.reason


@pytest.mark.parametrize(("capability", "number_type"), [((6, 1), "float32"), ((7, 0), "float16"), ((9, 0), "float16")])
def test_half_precision_is_for_gpus_that_are_fast_at_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], number_type: str
) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "A Card")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: capability)
    chosen = choose_compute("auto")
    assert (chosen.device, chosen.number_type, chosen.reason) == ("cuda", number_type, "found A Card")
    assert choose_compute("cpu").device == "cpu"


@pytest.mark.parametrize(
    ("flags", "number_type"),
    [
        (("avx2", "avx512f"), "float32"),
        (("avx2", "avx512_bf16"), "bfloat16"),
        (("amx_tile", "amx_bf16"), "bfloat16"),
        ((), "float32"),
    ],
)
def test_the_number_type_follows_the_processor(
    monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], number_type: str
) -> None:
    machine_with(monkeypatch, *flags)
    chosen = choose_compute("cpu")
    assert chosen.number_type == number_type
    assert chosen.dtype == getattr(torch, number_type)
    assert chosen.reason == "it was asked for"


def test_flags_are_read_as_linux_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512_bf16\nbugs\t\t: none\nflags\t\t: other\n")
    monkeypatch.setattr(hardware, "Path", lambda path: cpuinfo)
    assert cpu_flags() == {"fpu", "avx2", "avx512_bf16"}


@pytest.mark.parametrize("text", [None, "", "Features\t: fp asimd\n"])
def test_processors_without_flags_have_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    if text is not None:
        cpuinfo.write_text(text)
    monkeypatch.setattr(hardware, "Path", lambda path: cpuinfo)
    assert cpu_flags() == frozenset()


def test_only_cores_that_the_process_may_use_are_counted() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no affinity")
    allowed = os.sched_getaffinity(0)
    assert usable_cores() == len(allowed) == choose_compute("cpu").threads
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_the_choice_is_logged_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    without_cuda(monkeypatch, None)
    machine_with(monkeypatch)
    with caplog.at_level(logging.INFO):
        choose_compute("auto")
    said = [record.getMessage() for record in caplog.records]
    assert said == ["painting on cpu in float32: this torch is built without CUDA"]


def test_asking_about_the_processor_loads_no_torch() -> None:
    code = "import sys, murai.hardware as h; h.cpu_flags(); h.usable_cores(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
