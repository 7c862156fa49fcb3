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
from murai.hardware import (
    Compute,
    choose_compute,
    cpu_flags,
    machine_name,
    memory_is_full,
    runs_on,
    share_cores,
    usable_cores,
)


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


def with_card(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], built_for: str = "sm_50 sm_60 sm_70 sm_80 sm_90"
) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: "A Card")
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: capability)
    monkeypatch.setattr(torch.cuda, "get_arch_list", built_for.split)


@pytest.mark.parametrize(
    ("capability", "number_type", "rival"),
    [((6, 1), "float32", "float16"), ((7, 0), "float16", "float32"), ((9, 0), "float16", "float32")],
)
def test_half_precision_comes_first_on_gpus_that_have_units_for_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], number_type: str, rival: str
) -> None:
    with_card(monkeypatch, capability)
    chosen = choose_compute("auto")
    assert (chosen.device, chosen.number_type, chosen.reason) == ("cuda", number_type, "found A Card")
    assert chosen.rivals == (rival,)
    assert choose_compute("cpu").device == "cpu"


def test_of_several_gpus_the_first_is_taken_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with_card(monkeypatch, (8, 6))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert choose_compute("cuda").reason == "found A Card, the first of 3 GPUs"


@pytest.mark.parametrize(
    ("capability", "remedy"), [((6, 1), r"CUDA 12\.6 \(index cu126\) and the extra cuda12"), ((13, 0), "a newer CUDA")]
)
def test_a_torch_that_is_not_built_for_the_card(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capability: tuple[int, int], remedy: str
) -> None:
    with_card(monkeypatch, capability, "sm_75 sm_80 sm_86 sm_90 sm_100 sm_120")
    needs = f"A Card needs sm_{capability[0]}{capability[1]}, and torch .* is built for sm_75 .* sm_120"
    with pytest.raises(HardwareError, match=f"device cuda can't be used: {needs}; install .*{remedy}.*--device auto"):
        choose_compute("cuda")
    with caplog.at_level(logging.INFO):
        chosen = choose_compute("auto")
    assert chosen.device == "cpu"
    assert "A Card needs sm_" in caplog.text


@pytest.mark.parametrize(
    ("capability", "built_for", "runs"),
    [
        ((6, 1), "sm_60", True),
        ((6, 0), "sm_61", False),
        ((8, 9), "sm_80 sm_90", True),
        ((9, 0), "sm_80", False),
        ((9, 0), "sm_80 compute_80", True),
        ((7, 5), "compute_80", False),
        ((9, 0), "sm_90a", True),
        ((12, 1), "sm_120a compute_120a", False),
        ((10, 3), "sm_100f", True),
        ((12, 0), "compute_100f", False),
        ((12, 0), "sm_120", True),
        ((7, 5), "gfx90a", False),
    ],
)
def test_which_gpus_code_runs_on(capability: tuple[int, int], built_for: str, runs: bool) -> None:
    assert runs_on(capability, built_for.split()) is runs


def test_a_measurement_belongs_to_chip_driver_threads_and_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpuinfo, version = tmp_path / "cpuinfo", tmp_path / "version"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A Chip\nmodel name\t: Another\n")
    version.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n")
    monkeypatch.setattr(hardware, "Path", lambda path: cpuinfo if "cpuinfo" in path else version)
    with_card(monkeypatch, (6, 1))
    torch_build = f"torch {torch.__version__}"
    assert machine_name(Compute("cpu", "float32", 2, "")) == f"A Chip, 2 threads, {torch_build}"
    assert machine_name(Compute("cuda", "float32", 1, "")) == f"A Card 6.1, driver 535.183.01, {torch_build}"
    cpuinfo.unlink()
    version.unlink()
    assert machine_name(Compute("cpu", "float32", 2, "")) == f"unknown CPU, 2 threads, {torch_build}"
    assert machine_name(Compute("cuda", "float32", 1, "")) == f"A Card 6.1, unknown driver, {torch_build}"


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


@pytest.mark.parametrize(("cores", "threads"), [(1, "1"), (2, "1"), (8, "4")])
def test_drawing_on_the_cpu_leaves_half_of_the_cores_to_the_network(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: str
) -> None:
    monkeypatch.setattr(hardware, "usable_cores", lambda: cores)
    monkeypatch.setattr(os, "environ", found := {})
    share_cores()
    assert found == {"OMP_WAIT_POLICY": "PASSIVE", "LP_NUM_THREADS": threads}


def test_full_memory_is_known_however_it_is_told() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert memory_is_full(caught.value)
    assert memory_is_full(MemoryError()) and memory_is_full(torch.OutOfMemoryError("CUDA out of memory. Tried to"))
    assert not memory_is_full(RuntimeError("shapes cannot be multiplied"))


def test_what_the_operator_says_of_threads_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", said := {"OMP_WAIT_POLICY": "ACTIVE", "LP_NUM_THREADS": "3"})
    share_cores()
    assert said == {"OMP_WAIT_POLICY": "ACTIVE", "LP_NUM_THREADS": "3"}
