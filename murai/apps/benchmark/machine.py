"""What the figures were measured on."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from murai import __version__
from murai.hardware import Compute, usable_cores


def describe_machine(compute: Compute) -> dict[str, Any]:
    """Processor, GPU, versions and the day: what a figure is worth nothing without."""
    gpu = torch.cuda.get_device_name(0) if compute.device == "cuda" else None
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _processor(),
        "cores": usable_cores(),
        "gpu": gpu,
        "device": compute.device,
        "number_type": compute.number_type,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "murai": __version__,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
