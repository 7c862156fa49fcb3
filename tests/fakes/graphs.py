"""Recorders that play the rules of CUDA's graphs without a GPU."""

from __future__ import annotations

import torch
from torch import Tensor

from murai.stylize.cuda_graph import Recording, Work


class Replayed:
    """Does the recorded work again, from the same memory into the same memory, whatever else is asked."""

    def __init__(self, made: tuple[Tensor, ...], work: Work, told: list[str]) -> None:
        self._made = made
        self._work = work
        self._told = told

    def replay(self) -> None:
        self._told.append("replay")
        for place, new in zip(self._made, self._work(), strict=True):
            _bytes_of(place).copy_(_bytes_of(new))


class PlayedRecorder:
    """Like CUDA's: warms up, and what is recorded isn't computed, but comes with each replay to the same place.

    told: "record" and "replay", in order.
    """

    def __init__(self) -> None:
        self.told: list[str] = []

    def record(self, work: Work) -> tuple[Recording, tuple[Tensor, ...]]:
        self.told.append("record")
        made = tuple(_blank_like(each) for each in work())
        return Replayed(made, work, self.told), made


class FailingRecorder(PlayedRecorder):
    """Can't record the next works: as many as there are faults."""

    def __init__(self, faults: list[RuntimeError]) -> None:
        super().__init__()
        self._faults = faults

    def record(self, work: Work) -> tuple[Recording, tuple[Tensor, ...]]:
        if self._faults:
            self.told.append("failed")
            raise self._faults.pop(0)
        return super().record(work)


def _blank_like(given: Tensor) -> Tensor:
    """Zeros in memory that is laid out alike, between the values too."""
    memory = torch.zeros(given.untyped_storage().nbytes(), dtype=torch.uint8)
    return memory.view(given.dtype).as_strided(given.shape, given.stride(), given.storage_offset())


def _bytes_of(given: Tensor) -> Tensor:
    return torch.empty(0, dtype=torch.uint8).set_(given.untyped_storage())  # type: ignore[call-overload]  # torch's stub lacks it
