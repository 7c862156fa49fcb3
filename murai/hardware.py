"""What this machine has, and what Murai takes of it. Nothing else asks the machine.

torch is imported inside the functions: the camera's part of the program asks here too.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from murai.errors import HardwareError

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

NumberType = Literal["bfloat16", "float16", "float32"]


@dataclass(frozen=True)
class Compute:
    """Where the network runs.

    device: torch's name, "cpu" or "cuda".
    number_type: name of a torch dtype for weights and features: "bfloat16", "float16" or "float32".
    threads: for the network, on a CPU.
    reason: why, for the log and for people.
    rivals: other number types, any of which may turn out quicker here; only a measurement can tell.
    """

    device: Literal["cpu", "cuda"]
    number_type: NumberType
    threads: int
    reason: str
    rivals: tuple[NumberType, ...] = ()

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
        raise HardwareError(f"device cuda can't be used: {missing}", f"{_SEE_README}, or use --device auto")
    if wanted == "cpu":
        chosen = _cpu("it was asked for")
    elif missing:
        chosen = _cpu(missing)
    else:
        chosen = _cuda()
    _log.info("painting on %s in %s: %s", chosen.device, chosen.number_type, chosen.reason)
    return chosen


_SEE_README = "see README, 'The booth', paragraph 'GPU.'"


def _why_no_cuda() -> str | None:
    import torch

    if torch.version.cuda is None:
        return "this torch is built without CUDA"
    if not torch.cuda.is_available():
        return "no NVIDIA GPU with a working driver was found"
    with warnings.catch_warnings():
        # torch says the same in ten lines, when it is first asked for anything of the GPU.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"torch\.cuda.*")
        major, minor = torch.cuda.get_device_capability(0)
        name = torch.cuda.get_device_name(0)
    built_for = torch.cuda.get_arch_list()
    if not built_for or runs_on((major, minor), built_for):  # a build that doesn't say is believed
        return None
    build = f"torch {torch.__version__} is built for {' '.join(built_for)}"
    return f"{name} needs sm_{major}{minor}, and {build}; install {_build_for((major, minor))}"


def runs_on(capability: tuple[int, int], built_for: list[str]) -> bool:
    """Whether code for these architectures, as torch names them ("sm_75", "compute_90"), runs on such a GPU.

    "sm" is for GPUs of its major version from its minor version on, "compute" is compiled by the driver for any GPU
    that is not older; with an "a" behind it is for this very version, with an "f" for those of its major version.
    """
    for found in (re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", each) for each in built_for):
        if found is None:
            continue
        code = int(found[2]), int(found[3])
        any_newer = found[1] == "compute" and not found[4]
        alike = code[0] == capability[0] and found[4] != "a"
        if code == capability or (code <= capability and (any_newer or alike)):
            return True
    return False


def _build_for(capability: tuple[int, int]) -> str:
    """What to install for a GPU that this torch isn't built for."""
    # torch's builds for CUDA 12.8 and later begin with Turing, 7.5.
    if capability < (7, 5):
        return "torch's build for CUDA 12.6 (index cu126) and the extra cuda12"
    return "torch's build for a newer CUDA and the extra cuda13"


def _cuda() -> Compute:
    import torch

    others = torch.cuda.device_count() - 1
    name = torch.cuda.get_device_name(0) + (f", the first of {others + 1} GPUs" if others > 0 else "")
    # From Volta (7.0) on there are units for half precision. Before, it computes at 1/64 of the speed of single
    # precision on most cards, and moves half as much memory.
    if torch.cuda.get_device_capability(0) >= (7, 0):
        return Compute("cuda", "float16", 1, f"found {name}", ("float32",))
    return Compute("cuda", "float32", 1, f"found {name}", ("float16",))


def _cpu(reason: str) -> Compute:
    fast = cpu_flags() & {"avx512_bf16", "amx_bf16"}
    number_type: NumberType = "bfloat16" if fast else "float32"
    return Compute("cpu", number_type, usable_cores(), reason)


def machine_name(compute: Compute) -> str:
    """All that a measurement of speed depends on, in one line: the chip, its driver, threads, and torch."""
    import torch

    build = f"torch {torch.__version__}"
    if compute.device == "cpu":
        return f"{_cpu_name()}, {compute.threads} threads, {build}"
    major, minor = torch.cuda.get_device_capability(0)
    return f"{torch.cuda.get_device_name(0)} {major}.{minor}, {_driver_name()}, {build}"


def _cpu_name() -> str:
    return _first_cpu("model name") or "unknown CPU"


def _driver_name() -> str:
    try:
        said = Path("/proc/driver/nvidia/version").read_text(encoding="ascii", errors="replace")
    except OSError:  # Windows, and containers that hide it
        return "unknown driver"
    version = re.search(r"\d+\.\d+(\.\d+)?", said)
    return f"driver {version[0]}" if version else "unknown driver"


@cache
def cpu_flags() -> frozenset[str]:
    """The instruction sets of the first processor, as Linux names them; empty where it doesn't say."""
    return frozenset(_first_cpu("flags").split())


def _first_cpu(fact: str) -> str:
    """What Linux says of the first processor, or ""."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return ""
    said = next((line for line in lines if line.startswith(fact)), "")
    return said.partition(":")[2].strip()


def share_cores() -> None:
    """Divides the cores between network, decoder and drawing; only before torch and OpenGL are loaded.

    torch's threads sleep while they wait for each other. By default they spin, which keeps a core from whoever
    else has work on it: on two free cores it makes no difference; on busy ones a frame took 416 ms while they
    span, and 15 ms while they slept.

    llvmpipe, which draws where there is no graphics card, takes half of the cores instead of all: its threads
    then push the network's aside on one core and not on both, and a frame waits for the last of its threads.
    On two cores the slowest twentieth of the frames came after 30 ms at one thread, and after 31 to 43 ms at two.

    The network has all cores (`Compute.threads`): with one of two it painted in 19 ms instead of 13. The decoder
    has one thread, 1 ms a frame. docs/cpu.md has all that was tried.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("LP_NUM_THREADS", str(max(1, usable_cores() // 2)))


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


def memory_is_full(fault: BaseException) -> bool:
    """Whether it says that memory has run out: torch has a class of its own for that on GPUs alone."""
    words = str(fault)
    return isinstance(fault, MemoryError) or "out of memory" in words or "allocate memory" in words


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
