"""Training in one process, or in many under torchrun that act as one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist

from murai.errors import TrainingError


@dataclass(frozen=True)
class Crew:
    """The processes that train together, and which of them this is.

    rank: from 0; the one with 0 leads: it alone writes files and talks.
    size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, batch: int) -> slice:
        """This process's part of a batch that all deal out alike.

        Raises:
            TrainingError: it can't be dealt evenly.
        """
        if batch % self.size:
            raise TrainingError(
                f"a batch of {batch} can't be dealt to {self.size} processes",
                f"give a --batch that {self.size} divides",
            )
        each = batch // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def mean(self, values: Tensor) -> Tensor:
        """The mean of all processes' values; waits for all of them."""
        if self.size > 1:
            dist.all_reduce(values)
            values = values / self.size
        return values

    def told_by_leader(self, value: float, device: torch.device) -> float:
        """What the leader's value is; waits for it."""
        if self.size == 1:
            return value
        told = torch.tensor([value], dtype=torch.float64, device=device)
        dist.broadcast(told, src=0)
        return float(told)

    def shared(self, state: dict[str, Any] | None) -> dict[str, Any]:
        """The leader's state, in all processes; what the others give is not looked at."""
        if self.size == 1:
            assert state is not None
            return state
        told: list[dict[str, Any] | None] = [state]
        dist.broadcast_object_list(told, src=0)
        assert told[0] is not None
        return told[0]

    def wait(self) -> None:
        """Until all are here."""
        if self.size > 1:
            dist.barrier()


def local_rank() -> int:
    """Which of this machine's processes this is, from 0; torchrun says."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def local_size() -> int:
    """How many processes of this run are on this machine; torchrun says."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def _is_member() -> bool:
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def end_member() -> None:
    """Ends a process of a crew at once, with status 0, when all is written; does nothing in a process that is alone.

    DistributedDataParallel holds on to its group for good, so the group's threads are there until the end. One that
    needs the interpreter while that is being taken down aborts the process, and torchrun then calls a run failed
    that is done.
    """
    if _is_member():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


@contextmanager
def crew(device: torch.device) -> Iterator[Crew]:
    """Joins the other processes where torchrun started this one, and leaves them in the end.

    Raises:
        TrainingError: they can't be reached.
    """
    if not _is_member():
        yield Crew()
        return
    try:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as fault:
        raise TrainingError(
            f"the other processes can't be reached: {fault}", "start all of them by torchrun"
        ) from fault
    try:
        yield Crew(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
