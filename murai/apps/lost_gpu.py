"""A GPU that is lost: how that is told from a single fault, and how the show ends with it.

After an illegal address, an uncorrectable memory error, a kernel that ran for too long or a GPU that has left the bus,
CUDA answers every further call of this process with that error. There is no way to reset what PyTorch holds, so nothing
that is tried again here can work; a new process has a new context within seconds. Going on by the CPU in this process
would be less sure: OpenGL draws on the same GPU most of the time, page-locked memory, decoders and threads that hang in
the driver would stay, and the show would be slow for the rest of the day.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

import torch

from murai.core.process import GPU_LOST_STATUS, end_after
from murai.errors import GpuLost

_log = logging.getLogger(__name__)

_ANSWERS_WITHIN_S = 5.0
_CLOSED_WITHIN_S = 20.0


def check_gpu(cause: BaseException, *, silent: bool = False) -> None:
    """Asks the GPU, where this process uses one, whether it still works, now that something has failed.

    It waits for the answer five seconds at most. A GPU that is lost is logged, and the process then ends within twenty
    seconds, whatever may hang while the show is closed.

    silent: nothing has been painted for long, so all painting that was asked for must be over: a kernel that never ends
        leaves other streams alone, and would hold up every painter that is started after this one.

    Raises:
        GpuLost: it is; from the cause.
    """
    used = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    why = _why_lost(silent) if used else None
    if why is None:
        return
    what = f"the GPU has failed for good ({why})"
    lost = GpuLost(what, "the show ends, to be started again; if that repeats, look for Xid in dmesg")
    _log.error("%s", lost)
    end_after(_CLOSED_WITHIN_S, GPU_LOST_STATUS)
    raise lost from cause


@contextmanager
def gpu_watched() -> Iterator[None]:
    """A block that ends in `GpuLost` if it fails while the GPU is lost.

    Also where closing what was open has failed after that, as most things do on a lost GPU.
    """
    try:
        yield
    except Exception as fault:  # the supervisor's own: with a lost GPU, anything may come
        lost = _lost_in(fault)
        if lost is not None:
            raise lost from lost.__cause__
        check_gpu(fault)
        raise


def _lost_in(fault: BaseException) -> GpuLost | None:
    """The lost GPU behind a fault that came up while everything was being closed."""
    behind: BaseException | None = fault
    while behind is not None and not isinstance(behind, GpuLost):
        behind = behind.__context__
    return behind


def _why_lost(silent: bool) -> str | None:
    """What the GPU says to two calls in turn, or that it says nothing; None where one of them goes well.

    Two, because CUDA may tell the first one of a fault that came before it and is over.
    """
    said: list[str | None] = []
    questions = [_idle_stream, _idle_stream, *([torch.cuda.default_stream] if silent else [])]
    asking = Thread(target=lambda: said.extend(map(_asked, questions)), name="is the GPU there", daemon=True)
    asking.start()
    asking.join(_ANSWERS_WITHIN_S)
    if len(said) < len(questions):
        return f"it gives no answer within {_ANSWERS_WITHIN_S:g} s"
    return said[1] if said[0] is not None else None


def _idle_stream() -> torch.cuda.Stream:
    """It waits for no work of others, and is never one on which a graph is recorded: urgent ones aren't.

    Not the whole device: CUDA refuses to wait for one on which a graph is being recorded.
    """
    return torch.cuda.Stream(priority=-1)  # type: ignore[no-untyped-call]  # torch leaves it untyped


def _asked(stream: Callable[[], torch.cuda.Stream]) -> str | None:
    """Waits for an event on a stream; what CUDA says to that if it refuses. Takes no memory, which may just be full."""
    try:
        event = torch.cuda.Event()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        event.record(stream())
        event.synchronize()
    except RuntimeError as fault:
        return str(fault).partition("\n")[0]
    return None
