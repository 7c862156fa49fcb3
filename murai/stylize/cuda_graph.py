"""A painter, recorded once for each size of picture, and replayed for every frame.

A frame is some fifty kernels of a few microseconds each; launched one by one, the processor takes longer to ask
for them than the GPU to run them. A graph is asked for in one call.
"""

from __future__ import annotations

import gc
import logging
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Protocol

import torch
from torch import Tensor

from murai.stylize.painters import Painter

_log = logging.getLogger(__name__)

_SIZES = 3  # of pictures, whose graphs are kept: a camera's, its next mode's, and one of another film
_WARM_UP_RUNS = 3  # TorchScript compiles in the second, and cuDNN tries its algorithms before

_ONE_AT_A_TIME = Lock()
"""CUDA lets a process record one graph at a time, and a reload records while the show may."""


class Recording(Protocol):
    """One painting's work on the GPU, as it was recorded: its inputs' and output's memory stay where they are."""

    def replay(self) -> None:
        """Asks for all of it, behind what the current stream has to do."""


class Recorder(Protocol):
    """Records graphs. `CudaRecorder` on a GPU."""

    def record(self, work: Painter, inputs: Inputs) -> tuple[Recording, Tensor]:
        """The recording of `work` on these inputs, and where it puts its painting.

        Raises:
            RuntimeError: something in it can't be recorded.
        """


class Inputs:
    """Memory that a graph reads: one picture, one style, and its ground. Arguments as of a `Painter`."""

    def __init__(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> None:
        height, width = rgb.shape[1], rgb.shape[2]
        self.rgb = torch.empty((height, width, 4), dtype=torch.uint8, device=rgb.device)[:, :, :3].permute(2, 0, 1)
        self.style = [torch.empty_like(each) for each in (ground, *kernels, *biases)]
        self._kernels = len(kernels)
        self._held: list[Tensor] = []

    def put(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> None:
        """Copies what is new, within the GPU. The style only when it is another than the last."""
        _copy(rgb, self.rgb)
        style = [ground, *kernels, *biases]
        if len(style) != len(self._held) or any(new is not old for new, old in zip(style, self._held, strict=True)):
            torch._foreach_copy_(self.style, style)
            self._held = style  # held: or another tensor could come to the same place, and pass for it

    def paint_with(self, painter: Painter) -> Tensor:
        """Paints from this memory."""
        kernels, biases = self.style[1 : 1 + self._kernels], self.style[1 + self._kernels :]
        return painter(self.rgb, self.style[0], kernels, biases)


class GraphPainter:
    """A `Painter` that records another one's work and replays it; sizes that were longest not seen are forgotten.

    The style is one of the graph's inputs: another one is copied in, and nothing is recorded anew. The graph's own
    painting is overwritten by the next frame, while the screen, a snapshot and the recorder may still read this
    one, each on its own stream and in its own time. So every painting is copied out to memory of its own, which
    torch gives again to a newer one when the last reader has let go of it (readers on other streams say so by
    `record_stream`). Where a size can't be recorded, it logs the reason, and calls the painter itself from then on.

    All work goes to the current stream; a recording waits for the whole GPU, once for each size.
    """

    def __init__(self, painter: Painter, recorder: Recorder) -> None:
        self._painter = painter
        self._recorder: Recorder | None = recorder
        self._scenes: OrderedDict[tuple[int, ...], _Scene] = OrderedDict()

    @torch.inference_mode()
    def __call__(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        scene = self._scene(rgb, ground, kernels, biases)
        if scene is None:
            return self._painter(rgb, ground, kernels, biases)
        scene.inputs.put(rgb, ground, kernels, biases)
        scene.recording.replay()
        return _copied(scene.painting)

    def _scene(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> _Scene | None:
        key = (*rgb.shape, *(side for kernel in kernels for side in kernel.shape[:2]))
        if key in self._scenes:
            self._scenes.move_to_end(key)
        elif self._recorder is not None:
            inputs = Inputs(rgb, ground, kernels, biases)
            inputs.put(rgb, ground, kernels, biases)
            self._record(key, inputs, self._recorder)
        return self._scenes.get(key)

    def _record(self, key: tuple[int, ...], inputs: Inputs, recorder: Recorder) -> None:
        try:
            with _ONE_AT_A_TIME:
                recording, painting = recorder.record(self._painter, inputs)
        except RuntimeError as error:
            _log.warning("painting without a CUDA graph: %s", " ".join(str(error).split())[:200])
            self._recorder = None
            self._scenes.clear()
            return
        self._scenes[key] = _Scene(inputs, recording, painting)
        # Only now: recording has waited for the GPU, so that nothing runs any more of what is forgotten.
        while len(self._scenes) > _SIZES:
            self._scenes.popitem(last=False)


class _Scene:
    """What is kept for one size."""

    def __init__(self, inputs: Inputs, recording: Recording, painting: Tensor) -> None:
        self.inputs = inputs
        self.recording = recording
        self.painting = painting


def _copied(painting: Tensor) -> Tensor:
    copied = torch.empty((*painting.shape[1:], 4), dtype=torch.uint8, device=painting.device)[:, :, :3].permute(2, 0, 1)
    _copy(painting, copied)
    return copied


def _copy(rgb: Tensor, to: Tensor) -> None:
    """Copies a picture into one that is a view of RGBx memory."""
    if rgb.stride() == to.stride() and not rgb.storage_offset() and _rgbx_bytes(rgb) <= rgb.untyped_storage().nbytes():
        # With the fourth byte, which makes it one run of memory, that is copied as fast as memory goes.
        _whole(to).copy_(_whole(rgb))
    else:
        to.copy_(rgb)


def _whole(rgb: Tensor) -> Tensor:
    return rgb.as_strided((_rgbx_bytes(rgb),), (1,))


def _rgbx_bytes(rgb: Tensor) -> int:
    return 4 * rgb.shape[1] * rgb.shape[2]


class CudaRecorder:
    """Records by torch's CUDA graphs, on a stream and in a pool of memory of its own."""

    def __init__(self) -> None:
        # torch gives the same 32 streams again and again, and whatever else is put on this one would be recorded
        # too: so decoders and the screen have urgent ones, which are others.
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        self._pool = torch.cuda.graph_pool_handle()
        self._failed: list[torch.cuda.CUDAGraph] = []

    def record(self, work: Painter, inputs: Inputs) -> tuple[Recording, Tensor]:
        graph, before = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        self._stream.wait_stream(before)
        try:
            # The outer one, because torch leaves its stream current when a recording fails.
            with torch.cuda.stream(self._stream):
                self._warm_up(work, inputs)
                # thread_local: the decoder and the screen may go on and allocate memory meanwhile.
                mode = "thread_local"
                with _nothing_collected(), torch.cuda.graph(graph, self._pool, self._stream, mode):
                    painting = inputs.paint_with(work)
        except RuntimeError:
            self._end_failed(graph)
            raise
        finally:
            before.wait_stream(self._stream)
        return graph, painting

    def _warm_up(self, work: Painter, inputs: Inputs) -> None:
        with torch.backends.cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=True):
            for _ in range(_WARM_UP_RUNS):
                inputs.paint_with(work)

    def _end_failed(self, graph: torch.cuda.CUDAGraph) -> None:
        """Lets torch's memory go on as usual; versions before pytorch#180395 leave it waiting for the recording's end.

        They would neither give memory again that other streams have read, nor stop asking the graph, were it gone.
        """
        self._failed.append(graph)
        with suppress(RuntimeError, AttributeError):  # it isn't forgotten, or no longer done by this name
            torch._C._cuda_endAllocateToPool(torch.cuda.current_device(), self._pool)


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
