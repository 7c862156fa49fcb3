"""The display's own CUDA stream."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from murai.core.frame import Frame


class DisplayStream:
    """Moves frames to the screen beside the streams that decode and paint. Owned by the main thread.

    handle: CUDA's own, for calls outside of torch.
    """

    def __init__(self, device: torch.device) -> None:
        # Urgent: it goes before painting, and on none of these streams is a CUDA graph ever recorded.
        self._stream = torch.cuda.Stream(device, priority=-1)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._fetched = torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self.handle = int(self._stream.cuda_stream)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Makes this stream and its device those of the block."""
        with torch.cuda.stream(self._stream):
            yield

    @contextmanager
    def working_on(self, frame: Frame) -> Iterator[None]:
        """As `current`; what is queued within starts when the frame is ready, and the host doesn't wait for it.

        The frame's memory is not given to anybody else before all that is done.
        """
        if frame.ready is not None:
            self._stream.wait_event(frame.ready)
        else:  # made in this thread, on the stream that is current here
            self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        frame.rgb.record_stream(self._stream)
        with self.current():
            yield

    def host_memory(self, pixels: torch.Tensor) -> torch.Tensor:
        """Page-locked memory of the pixels' shape."""
        return torch.empty(pixels.shape, dtype=pixels.dtype, pin_memory=True)

    def fetch(self, pixels: torch.Tensor, host: torch.Tensor) -> None:
        """Copies into page-locked memory and waits, asleep, for this copy and for nothing else."""
        host.copy_(pixels, non_blocking=True)
        self._fetched.record(self._stream)
        self._fetched.synchronize()
