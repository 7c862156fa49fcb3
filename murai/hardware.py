"""What this machine has, and what Murai takes of it. Nothing else asks the machine.

torch is imported inside the functions: the camera's part of the program asks here too.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from murai.errors import HardwareError

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compute:
    """Where the network runs.

    device: torch's name, "cpu" or "cuda".
    number_type: name of a torch dtype for weights and features: "bfloat16", "float16" or "float32".
    threads: for the network, on a CPU.
    reason: why, for the log and for people.
    """

    device: Literal["cpu", "cuda"]
    number_type: Literal["bfloat16", "float16", "float32"]
    threads: int
    reason: str

    @property
    def dtype(self) -> torch.dtype:
        import torch

        found: torch.dtype = getattr(torch, self.number_type)
        return found


def choose_compute(wanted: Literal["auto", "cpu", "cuda"]) -> Compute:
    """The device that was asked for, or the best there is.

    Raises:
        HardwareError: CUDA was asked for and can't be had.
    """
    missing = None if wanted == "cpu" else _why_no_cuda()
    if wanted == "cuda" and missing:
        remedy = "see README, 'The booth', paragraph 'GPU.', or use --device auto"
        raise HardwareError(f"device cuda can't be used: {missing}", remedy)
    if wanted == "cpu":
        chosen = _cpu("it was asked for")
    elif missing:
        chosen = _cpu(missing)
    else:
        chosen = _cuda()
    _log.info("painting on %s in %s: %s", chosen.device, chosen.number_type, chosen.reason)
    return chosen


def _why_no_cuda() -> str | None:
    import torch

    if torch.version.cuda is None:
        return "this torch is built without CUDA"
    if not torch.cuda.is_available():
        return "no NVIDIA GPU with a working driver was found"
    return None


def _cuda() -> Compute:
    import torch

    name = torch.cuda.get_device_name(0)
    # Before Volta (7.0) half precision runs at 1/64 of the speed of single precision.
    half = torch.cuda.get_device_capability(0) >= (7, 0)
    return Compute("cuda", "float16" if half else "float32", 1, f"found {name}")


def _cpu(reason: str) -> Compute:
    fast = cpu_flags() & {"avx512_bf16", "amx_bf16"}
    number_type: Literal["bfloat16", "float32"] = "bfloat16" if fast else "float32"
    return Compute("cpu", number_type, usable_cores(), reason)


@cache
def cpu_flags() -> frozenset[str]:
    """The instruction sets of the first processor, as Linux names them; empty where it doesn't say."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    flags = next((line for line in lines if line.startswith("flags")), "")
    return frozenset(flags.partition(":")[2].split())


def share_cores() -> None:
    """Makes torch's threads sleep while they wait for each other; only before torch is loaded.

    By default they spin, which keeps a core from whoever else has work on it: decoder, software OpenGL
    and all other programs. On two free cores it makes no difference; on busy ones a frame took 416 ms
    while they span, and 15 ms while they slept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory_bytes(device: Literal["cpu", "cuda"]) -> int:
    """Memory that is free for tensors now: the GPU's, or the machine's within what this process's group may have."""
    if device == "cuda":
        import torch

        return int(torch.cuda.mem_get_info()[0])
    limits = [_available_bytes(), *_group_bytes()]
    return max(0, min(limits))


def _available_bytes() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):  # not Linux: half of what is built in
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _group_bytes() -> list[int]:
    """What is left of a container's limit, where there is one."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit, used = ((folder / f"memory.{name}").read_text(encoding="ascii").strip() for name in ("max", "current"))
    except OSError:
        return []
    return [int(limit) - int(used)] if limit.isdigit() else []
