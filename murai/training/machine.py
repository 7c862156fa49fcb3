"""Where a run computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from murai.training.distributed import Crew


@dataclass(frozen=True)
class Machine:
    """The device, its number type, and the processes that train together.

    dtype: bfloat16 where the device is fast in it; weights, their averages and losses stay float32.
    compiled: whether torch.compile takes a minute first to make steps shorter.
    told: for people and the pack: "2 cores of …", "NVIDIA …".
    """

    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float32
    compiled: bool = False
    crew: Crew = field(default_factory=Crew)
    told: str = "cpu"

    @contextmanager
    def painting(self) -> Iterator[None]:
        """Inside it the style network computes in `dtype`."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            yield
