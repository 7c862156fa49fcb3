"""Steadying on a GPU: some two hundred small kernels a frame, recorded once for each size and replayed in one call."""

from __future__ import annotations

import torch
from torch import Tensor

from murai.stylize.cuda_graph import CudaRecorder, Recorder, Recordings
from murai.stylize.rgbx import copy_rgbx, rgbx_like
from murai.stylize.steadying_mix import Mix, PlainMix, Shown, Tools


def open_mix(device: torch.device) -> Mix:
    """The quickest `Mix` on this device."""
    return GraphMix(CudaRecorder()) if device.type == "cuda" else PlainMix()


class GraphMix:
    """A `Mix` that is recorded; without a recording, it is launched as it is.

    All work goes to the current stream, and nothing waits for it. What is shown is copied into the graph's memory and
    what is made out of it: the screen may still read this painting when the next one is made.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._plain = PlainMix()
        self._recordings: Recordings[_MixStage] = Recordings("steadying", recorder)

    def __call__(self, shown: Shown, fresh: Tensor, rgb: Tensor, resting_share: float) -> Shown:
        recorded = self._recordings.of(tuple(fresh.shape), lambda: _MixStage(shown, fresh, rgb, resting_share))
        if recorded is None:
            return self._plain(shown, fresh, rgb, resting_share)
        recorded.stage.put(shown, fresh, rgb, resting_share)
        recorded.recording.replay()
        painting, camera = recorded.made
        return Shown(painting.clone(), camera.clone())


class _MixStage:
    """A `Stage` for pictures of one size."""

    def __init__(self, shown: Shown, fresh: Tensor, rgb: Tensor, resting_share: float) -> None:
        self._tools = Tools((int(fresh.shape[0]), int(fresh.shape[1])), fresh.device)
        self._shown = Shown(torch.empty_like(shown.painting), torch.empty_like(shown.camera))
        self._fresh = torch.empty_like(fresh)
        self._rgb = rgbx_like(rgb)
        self._resting_share = torch.zeros((), dtype=torch.float32, device=fresh.device)
        self.put(shown, fresh, rgb, resting_share)

    def put(self, shown: Shown, fresh: Tensor, rgb: Tensor, resting_share: float) -> None:
        """Copies everything in, within the GPU; the share comes along with the kernel that writes it."""
        self._shown.painting.copy_(shown.painting)
        self._shown.camera.copy_(shown.camera)
        self._fresh.copy_(fresh)
        copy_rgbx(rgb, self._rgb)
        self._resting_share.fill_(resting_share)

    def work(self) -> tuple[Tensor, ...]:
        """The painting to be shown, packed, and its small picture."""
        mixed = self._tools.mix(self._shown, self._fresh, self._rgb, self._resting_share)
        return mixed.painting, mixed.camera
