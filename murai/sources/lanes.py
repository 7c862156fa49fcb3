"""The CUDA stream that a decoder works on, beside painting and drawing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import torch
from torch import Tensor


class Lane(Protocol):
    """A queue of work on one device. Owned by the capture thread.

    handle: the CUDA stream's, for libraries that take a number.
    """

    @property
    def device(self) -> torch.device: ...

    @property
    def handle(self) -> int: ...

    def entered(self) -> AbstractContextManager[Any]:
        """Makes the lane current: what the thread starts within goes to its end."""
        ...

    def made_beside(self, make: Callable[[], Tensor]) -> Tensor:
        """What a library makes on a stream of its own, which doesn't wait for the lane: the lane waits for that.

        It gets memory that the lane has done with, not just memory whose next use is behind in the lane.
        """
        ...

    def mark(self) -> torch.cuda.Event | None:
        """Recorded when all work so far is done; None where work is done at once."""
        ...

    def after_default(self) -> None:
        """What comes next in the lane waits for what is on the device's default stream now."""
        ...

    def before_default(self) -> None:
        """What comes next on the device's default stream waits for what is in the lane now."""
        ...


class CudaLane:
    """A `Lane` on a GPU; the host waits for nothing. `device`: "cuda" or "cuda:N"."""

    def __init__(self, device: str) -> None:
        wanted = torch.device(device)
        index = wanted.index if wanted.index is not None else torch.cuda.current_device()
        self._device = torch.device("cuda", index)
        # Urgent: what is short goes before painting, and on none of these streams is a CUDA graph ever recorded.
        self._stream = torch.cuda.Stream(self._device, priority=-1)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._beside = torch.cuda.Stream(self._device, priority=-1)  # type: ignore[no-untyped-call]  # torch leaves it untyped

    @property
    def device(self) -> torch.device:
        return self._device

    @property
    def handle(self) -> int:
        return int(self._stream.cuda_stream)

    def entered(self) -> AbstractContextManager[Any]:
        return torch.cuda.stream(self._stream)

    def made_beside(self, make: Callable[[], Tensor]) -> Tensor:
        # PyTorch keeps the memory of each stream apart, and gives it again when `record_stream`'s streams are done.
        with torch.cuda.stream(self._beside):
            made = make()
        self._stream.wait_stream(self._beside)
        made.record_stream(self._stream)
        return made

    def mark(self) -> torch.cuda.Event | None:
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        event.record(self._stream)
        return event

    def after_default(self) -> None:
        self._stream.wait_stream(torch.cuda.default_stream(self._device))

    def before_default(self) -> None:
        torch.cuda.default_stream(self._device).wait_stream(self._stream)
