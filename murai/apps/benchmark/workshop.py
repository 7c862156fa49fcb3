"""What measurements have in common, made when it is first needed and kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from murai.apps.benchmark.figures import Row, Subject, Timings
from murai.apps.benchmark.footage import CAMERA_FPS, Clip, record_clip
from murai.apps.benchmark.options import Size
from murai.apps.benchmark.work import moved_bytes, network_flops
from murai.core.frame import Frame
from murai.hardware import Compute
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack

_FRAMES = 8


@dataclass
class Workshop:
    """Clips, frames and engines of one run. Owned by the main thread.

    seconds: that each row lasts, at least; clip_s: how much of the drawn scene a clip has.
    nvdec_fps: pictures a second of NVDEC alone, where there is one.
    """

    compute: Compute
    seconds: float
    clip_s: float
    nvdec_fps: dict[Size, float] = field(default_factory=dict)
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
        return Row(subject, timings, "matmul", timings.fps * flops)

    def row_of_network(self, subject: Subject, timings: Timings, pack: Pack) -> Row:
        """Beside the matrix product, by what the pack's network is."""
        row = self.row_by_flops(subject, timings, network_flops(pack.facts.network.spec, subject.size))
        return replace(row, engine=self._engine_name(subject, pack))

    def row_of_latency(self, subject: Subject, timings: Timings, pack: Pack) -> Row:
        """As if the median were all painting, beside the matrix product."""
        flops = network_flops(pack.facts.network.spec, subject.size)
        rate = flops / (timings.percentile_ms(0.5) / 1e3)
        return Row(subject, timings, "matmul", rate, engine=self._engine_name(subject, pack))

    def row_by_bytes(self, subject: Subject, timings: Timings) -> Row:
        """Beside the copying of as many bytes; a decoder on a GPU beside NVDEC alone."""
        if subject.stage == "decode" and subject.size in self.nvdec_fps:
            return Row(subject, timings, "nvdec", timings.fps)
        return Row(subject, timings, "copy", timings.fps * moved_bytes(subject.stage, subject.size))

    def _engine_name(self, subject: Subject, pack: Pack) -> str:
        engine = self._engines.get(pack.folder) if subject.who == "murai" else None
        return f"{engine.name} {engine.compute.number_type}" if engine else ""
