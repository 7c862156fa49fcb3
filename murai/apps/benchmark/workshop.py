"""What measurements have in common, made when it is first needed and kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from murai.apps.benchmark.figures import Row, Subject, Timings
from murai.apps.benchmark.footage import CAMERA_FPS, Clip, record_clip
from murai.apps.benchmark.limits import Limits
from murai.apps.benchmark.options import Size, size_name
from murai.apps.benchmark.work import moved_bytes, network_flops
from murai.core.frame import Frame
from murai.hardware import Compute
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack

_FRAMES = 8


@dataclass
class Workshop:
    """Clips, frames and engines of one run, and the limits that rows are compared with. Owned by the main thread.

    clip_s: how much of the drawn scene a clip has.
    """

    compute: Compute
    limits: Limits
    seconds: float
    clip_s: float
    _clips: dict[Size, Clip] = field(default_factory=dict)
    _engines: dict[Path, Engine] = field(default_factory=dict)

    def clip(self, size: Size) -> Clip:
        if size not in self._clips:
            self._clips[size] = record_clip(size, round(self.clip_s * CAMERA_FPS))
        return self._clips[size]

    def frames(self, size: Size) -> list[Frame]:
        """A few decoded frames on the device."""
        frames = self.clip(size).frames(self.compute.device, _FRAMES)
        if self.compute.device == "cuda":
            torch.cuda.synchronize()
        return frames

    def engine(self, pack: Pack, size: Size) -> Engine:
        """The pack's, warm for that size."""
        engine = self._engines.get(pack.folder) or Engine(pack, self.compute)
        self._engines[pack.folder] = engine
        engine.warm_up(size)
        return engine

    def row_by_flops(self, subject: Subject, timings: Timings, flops: int) -> Row:
        """Beside the matrix product."""
        return Row(subject, timings, "matmul", timings.fps * flops / self.limits.matmul)

    def row_of_network(self, subject: Subject, timings: Timings, pack: Pack) -> Row:
        """Beside the matrix product, by what the pack's network is."""
        row = self.row_by_flops(subject, timings, network_flops(pack.facts.network.spec, subject.size))
        return replace(row, engine=self._engine_name(subject, pack))

    def row_of_latency(self, subject: Subject, timings: Timings, pack: Pack) -> Row:
        """Of the median, the share that painting would take at the matrix product's speed."""
        flops = network_flops(pack.facts.network.spec, subject.size)
        share = flops / self.limits.matmul / (timings.percentile_ms(0.5) / 1e3)
        return Row(subject, timings, "matmul", share, self._engine_name(subject, pack))

    def row_by_bytes(self, subject: Subject, timings: Timings) -> Row:
        """Beside the copying of as many bytes; a decoder on a GPU beside NVDEC alone."""
        alone_fps = self.limits.nvdec_fps.get(size_name(subject.size))
        if subject.stage == "decode" and alone_fps:
            return Row(subject, timings, "nvdec", timings.fps / alone_fps)
        share = timings.fps * moved_bytes(subject.stage, subject.size) / self.limits.copy
        return Row(subject, timings, "copy", share)

    def _engine_name(self, subject: Subject, pack: Pack) -> str:
        engine = self._engines.get(pack.folder) if subject.who == "murai" else None
        return f"{engine.name} {engine.compute.number_type}" if engine else ""
