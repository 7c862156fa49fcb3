"""A painter, recorded once for each size of picture, and replayed for every frame.

A frame is some fifty kernels of a few microseconds each; launched one by one, the processor takes longer to ask
for them than the GPU to run them. A graph is asked for in one call.
"""

from __future__ import annotations

import torch
from torch import Tensor

from murai.stylize.cuda_graph import Recorder, Recordings
from murai.stylize.painters import Painter
from murai.stylize.rgbx import copy_rgbx, rgbx_like


class PaintingStage:
    """A `Stage` for a painter: memory for one picture, one style, and its ground. Arguments as of a `Painter`."""

    def __init__(
        self, painter: Painter, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]
    ) -> None:
        self.rgb = rgbx_like(rgb)
        self._painter = painter
        self._style = [torch.empty_like(each) for each in (ground, *kernels, *biases)]
        self._kernels = len(kernels)
        self._held: list[Tensor] = []
        self.put(rgb, ground, kernels, biases)

    def put(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> None:
        """Copies what is new, within the GPU. The style only when it is another than the last."""
        copy_rgbx(rgb, self.rgb)
        style = [ground, *kernels, *biases]
        if len(style) != len(self._held) or any(new is not old for new, old in zip(style, self._held, strict=True)):
            torch._foreach_copy_(self._style, style)
            self._held = style  # held: or another tensor could come to the same place, and pass for it

    def work(self) -> tuple[Tensor, ...]:
        """The painting."""
        kernels, biases = self._style[1 : 1 + self._kernels], self._style[1 + self._kernels :]
        return (self._painter(self.rgb, self._style[0], kernels, biases),)


class GraphPainter:
    """A `Painter` that records another one's work and replays it.

    The style is one of the graph's inputs: another one is copied in, and nothing is recorded anew. The graph's own
    painting is overwritten by the next frame, while the screen, a snapshot and the recorder may still read this
    one, each on its own stream and in its own time. So every painting is copied out to memory of its own, which
    torch gives again to a newer one when the last reader has let go of it (readers on other streams say so by
    `record_stream`). What can't be recorded is painted by the painter itself.

    All work goes to the current stream.
    """

    def __init__(self, painter: Painter, recorder: Recorder) -> None:
        self._painter = painter
        self._recordings: Recordings[PaintingStage] = Recordings("painting", recorder)

    @torch.inference_mode()
    def __call__(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        shape = (*rgb.shape, *(side for kernel in kernels for side in kernel.shape[:2]))
        recorded = self._recordings.of(shape, lambda: PaintingStage(self._painter, rgb, ground, kernels, biases))
        if recorded is None:
            return self._painter(rgb, ground, kernels, biases)
        recorded.stage.put(rgb, ground, kernels, biases)
        recorded.recording.replay()
        painting = rgbx_like(recorded.made[0])
        copy_rgbx(recorded.made[0], painting)
        return painting
