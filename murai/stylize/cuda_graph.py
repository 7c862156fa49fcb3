"""Work on a GPU that is recorded once for each shape of what it reads, and replayed for every frame."""

from __future__ import annotations

import gc
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

_log = logging.getLogger(__name__)

_SHAPES = 3  # whose graphs are kept: those of a camera's size, of its next mode's, and of another film's
_WARM_UP_RUNS = 3  # TorchScript compiles in the second, and cuDNN tries its algorithms before
_TRY_AGAIN_AFTER_S = 60.0
_TRIES = 2  # for each shape; what doesn't go then won't go later
_MOST_FAILED = 8  # shapes; a folder of pictures, each of its own size, isn't to be tried to its end

_ONE_AT_A_TIME = Lock()
"""CUDA lets a process record one graph at a time, and a reload records while the show may."""

Work = Callable[[], tuple[Tensor, ...]]
"""Launches kernels that read memory which stays where it is; gives what they make."""


class Recording(Protocol):
    """Work on the GPU, as it was recorded: the memory of what it reads and makes stays where it is."""

    def replay(self) -> None:
        """Asks for all of it, behind what the current stream has to do."""


class Recorder(Protocol):
    """Records graphs. `CudaRecorder` on a GPU."""

    def record(self, work: Work) -> tuple[Recording, tuple[Tensor, ...]]:
        """The recording, and where each replay puts what it makes. Does the work a few times before.

        Raises:
            RuntimeError: something in it can't be recorded.
        """


class Stage(Protocol):
    """Memory that a recording reads, already filled, and the work that is recorded."""

    def work(self) -> tuple[Tensor, ...]: ...


StageT = TypeVar("StageT", bound=Stage)
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Recorded(Generic[StageT]):
    """What is kept for one shape. made: overwritten by each replay."""

    stage: StageT
    recording: Recording
    made: tuple[Tensor, ...]


@dataclass(frozen=True)
class _Failure:
    tries: int
    at_s: float


class Recordings(Generic[StageT]):
    """The recordings of one kind of work. Used by one thread at a time; the shapes longest not seen are forgotten.

    A shape that can't be recorded is tried once more after a minute, for a fault may pass; the reason is told once.

    name: of the work, for the log.
    """

    def __init__(self, name: str, recorder: Recorder, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._recorder = recorder
        self._clock = clock
        self._kept: OrderedDict[Shape, Recorded[StageT]] = OrderedDict()
        self._failures: dict[Shape, _Failure] = {}
        self._told = False

    def of(self, shape: Shape, prepare: Callable[[], StageT]) -> Recorded[StageT] | None:
        """The recording for this shape, made now if need be; None where the work is to be done without one.

        shape: all that a recording depends on. prepare: makes the memory for one, and fills it.
        """
        if shape in self._kept:
            self._kept.move_to_end(shape)
        elif self._may_try(shape):
            self._record(shape, prepare())
        return self._kept.get(shape)

    def _may_try(self, shape: Shape) -> bool:
        failure = self._failures.get(shape)
        if failure is None:
            return len(self._failures) < _MOST_FAILED
        return failure.tries < _TRIES and self._clock() - failure.at_s >= _TRY_AGAIN_AFTER_S

    def _record(self, shape: Shape, stage: StageT) -> None:
        try:
            with _ONE_AT_A_TIME:
                recording, made = self._recorder.record(stage.work)
        except RuntimeError as error:
            self._fail(shape, error)
            return
        self._failures.pop(shape, None)
        self._kept[shape] = Recorded(stage, recording, made)
        # What is forgotten may still be running: CUDA frees such a graph when it is done, and its memory is given
        # again only to what comes behind it, on the same stream or in another graph of the same pool.
        while len(self._kept) > _SHAPES:
            self._kept.popitem(last=False)

    def _fail(self, shape: Shape, error: RuntimeError) -> None:
        before = self._failures.get(shape, _Failure(0, 0.0))
        self._failures[shape] = _Failure(before.tries + 1, self._clock())
        level = logging.DEBUG if self._told else logging.WARNING
        _log.log(level, "%s without a CUDA graph: %s", self._name, " ".join(str(error).split())[:200])
        self._told = True


class CudaRecorder:
    """Records by torch's CUDA graphs, on a stream and in a pool of memory of its own.

    Not by `torch.cuda.graph`: on entering, that waits for the whole GPU, gives all free memory back, which waits again,
    and in older versions collects garbage, to have more memory for the graph. All of that would hold the show up while
    a pack is loaded, and nothing needs it: the recording reads nothing that the GPU is still to compute, and its memory
    is a pool of its own. Where memory is so short that the recording fails, the work is done without it. What is
    left: cuDNN tries its algorithms in the warm-up, and torch may give the memory for that back.

    The thread that records may end, as the one that loads packs does, and another one replay. CUDA ties only the
    time from beginning to end of a recording to a thread. The graph holds kernels and addresses; torch's streams, its
    pools and cuDNN's handles are the process's, the handles lent to threads. cuDNN's workspace is asked for
    anew by each convolution, and so lies in the graph's pool. Only cuBLAS's would lie outside, one for each handle and
    stream, and be shared with whoever gets the handle next: what is recorded here has no matrix product.
    """

    def __init__(self) -> None:
        self._begin_anew()
        self._failed: list[torch.cuda.CUDAGraph] = []

    def _begin_anew(self) -> None:
        # torch gives the same 32 streams again and again, and whatever else is put on this one would be recorded
        # too: so decoders and the screen have urgent ones, which are others.
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, work: Work) -> tuple[Recording, tuple[Tensor, ...]]:
        graph, before, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream(), self._stream
        stream.wait_stream(before)
        try:
            with torch.cuda.stream(stream):
                _warm_up(work)
                with _nothing_collected():
                    made = self._capture(graph, work)
        except RuntimeError:
            self._end_failed(graph)
            raise
        finally:
            before.wait_stream(stream)
        return graph, made

    def _capture(self, graph: torch.cuda.CUDAGraph, work: Work) -> tuple[Tensor, ...]:
        # thread_local: the decoder and the screen may go on and allocate memory meanwhile.
        graph.capture_begin(pool=self._pool, capture_error_mode="thread_local")
        try:
            made = work()
        except BaseException:
            with suppress(RuntimeError):  # the first fault is the one to tell
                graph.capture_end()
            raise
        graph.capture_end()
        return made

    def _end_failed(self, graph: torch.cuda.CUDAGraph) -> None:
        """Lets torch's memory go on as usual; versions before pytorch#180395 leave it waiting for the recording's end.

        They would neither give memory again that other streams have read, nor stop asking the graph, were it gone.
        """
        self._failed.append(graph)
        with suppress(RuntimeError, AttributeError):  # it isn't forgotten, or no longer done by this name
            torch._C._cuda_endAllocateToPool(torch.cuda.current_device(), self._pool)
        self._begin_anew()  # or the next recording could get what this one has left half done


def _warm_up(work: Work) -> None:
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=True):
        for _ in range(_WARM_UP_RUNS):
            work()


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Without Python's collector: an old engine's kernels, unloaded by the thread that records, would end that."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
