"""The whole flow: the kiosk's own pipeline and renderer, as fast as they go and at a camera's pace."""

from __future__ import annotations

import gc
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise

from murai.apps.benchmark.figures import Row, Subject, Timings
from murai.apps.benchmark.footage import AsFastAsItGoes, CameraPace, Gate, opened
from murai.apps.benchmark.options import Size
from murai.apps.benchmark.stages import even_shares
from murai.apps.benchmark.workshop import Workshop
from murai.apps.pipeline import Pipeline, first_cause
from murai.config import DisplayConfig
from murai.core.frame import Painted
from murai.core.slot import SlotClosed
from murai.core.statistics import FrameCounts
from murai.display.canvas import Canvas
from murai.display.hud import HudState
from murai.display.opening import open_canvas
from murai.display.view import ViewState
from murai.errors import BenchError, MuraiError
from murai.stylize.mix import StyleMix
from murai.stylize.pack import Pack
from murai.stylize.stylist import Stylist

_WARM_UP_FRAMES = 10
_PATIENCE_S = 60.0


@dataclass
class _Shown:
    """When pictures came out. begun_s: the last one that doesn't count; the others have one entry each."""

    begun_s: float = 0.0
    swapped_s: list[float] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)

    def add(self, captured_s: float, swapped_s: float, *, counts: bool) -> None:
        if counts:
            self.swapped_s.append(swapped_s)
            self.latencies_s.append(swapped_s - captured_s)
        else:
            self.begun_s = swapped_s


def measure_pipeline(workshop: Workshop, pack: Pack, size: Size, styles: int) -> Row:
    """Packets to pixels as fast as it goes; the durations are those from picture to picture."""
    gate = AsFastAsItGoes()
    shown = _run(workshop, pack, size, styles, gate)
    moments_s = [shown.begun_s, *shown.swapped_s]
    between_s = [two - one for one, two in pairwise(moments_s)]
    timings = Timings(between_s, moments_s[-1] - shown.begun_s)
    return workshop.row_of_network(Subject("murai", "pipeline", size, pack.facts.name, styles), timings, pack)


def measure_live(workshop: Workshop, pack: Pack, size: Size) -> Row:
    """Packets to pixels at a camera's pace; the durations are those from the camera's time-stamp to the swap."""
    shown = _run(workshop, pack, size, 1, CameraPace())
    timings = Timings(shown.latencies_s, shown.swapped_s[-1] - shown.begun_s)
    return workshop.row_of_latency(Subject("murai", "live", size, pack.facts.name), timings, pack)


def style_mix(pack: Pack, styles: int) -> StyleMix:
    """At rest in an even mix of the pack's first styles."""
    mix = StyleMix(len(pack.styles), fade_s=0.0)
    mix.go_to(dict(enumerate(even_shares(pack, styles))))
    return mix


def _run(workshop: Workshop, pack: Pack, size: Size, styles: int, gate: Gate) -> _Shown:
    counts = FrameCounts()
    stylist = Stylist(workshop.engine(pack, size), style_mix(pack, styles), counts, steady=True)
    source = opened(workshop.clip(size), gate)
    with open_canvas(DisplayConfig(mode="offscreen", size=size)) as canvas:
        gc.collect()  # what other rows have left is not to be looked for while this one runs
        with Pipeline(source, workshop.compute.device, stylist, counts) as pipeline:
            return _show(pipeline, canvas, gate, workshop.seconds)


def _show(pipeline: Pipeline, canvas: Canvas, gate: Gate, seconds: float) -> _Shown:
    """The main thread's loop, as the kiosk has it.

    Raises:
        MuraiError: nothing comes.
    """
    from murai.display.renderer import Renderer  # OpenGL can only be loaded once a canvas has decided how

    view, hud = ViewState(mirror=True), HudState()
    shown, dropped = _Shown(), 0
    frames = -_WARM_UP_FRAMES
    with closing(Renderer(canvas)) as renderer:
        while frames < 1 or time.monotonic() - shown.begun_s < seconds:
            painted = newest_painting(pipeline, _PATIENCE_S)
            if painted is None:
                raise BenchError(f"nothing was painted for {_PATIENCE_S:g} s", "measure smaller --sizes")
            gate.left(1 + pipeline.dropped - dropped)
            dropped = pipeline.dropped
            renderer.draw(painted, view, hud)
            canvas.swap()
            frames += 1
            shown.add(painted.painting.captured_s, time.monotonic(), counts=frames > 0)
    return shown


def newest_painting(pipeline: Pipeline, patience_s: float) -> Painted | None:
    """The newest painting, waiting up to `patience_s` for one; None when none came.

    Raises:
        MuraiError: the flow broke off, with its own reason where it has one.
    """
    try:
        return pipeline.paintings.take(patience_s)
    except SlotClosed as closed:
        cause = first_cause(closed)
        raise (
            cause if isinstance(cause, MuraiError) else BenchError("the pictures ended", "report this fault")
        ) from cause
