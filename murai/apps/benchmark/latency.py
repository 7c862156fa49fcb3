"""How late the screen is, seen in the pictures themselves and not told by time-stamps.

Screen to screen: the source draws a number on each picture, and the pixels that come out are read. Glass to
glass: the window shows a number, a camera looks at the window, and its pictures are read when they come out.
"""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from murai.apps.benchmark.coded_scene import CodedScene
from murai.apps.benchmark.figures import PERCENTILES, Result, Row, Subject, Timings
from murai.apps.benchmark.finder import Reader, known_place
from murai.apps.benchmark.flow import newest_painting, style_mix
from murai.apps.benchmark.glass import watch_glass
from murai.apps.benchmark.interruption import Interrupted, Interruption
from murai.apps.benchmark.machine import describe_machine
from murai.apps.benchmark.options import BenchOptions, Size, size_name
from murai.apps.benchmark.sightings import Sightings
from murai.apps.benchmark.signs import say
from murai.apps.evaluation_files import check_file, write_file
from murai.apps.pipeline import Pipeline
from murai.config import DisplayConfig
from murai.core.frame import Painted
from murai.core.statistics import FrameCounts
from murai.display.canvas import Canvas
from murai.display.hud import HudState
from murai.display.opening import open_canvas
from murai.display.view import ViewState, place_picture
from murai.errors import BenchError, ConfigError
from murai.hardware import Compute, choose_compute
from murai.sources.open import OpenedSource, open_source
from murai.sources.uri import FileSpec, SyntheticSpec, parse_source
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack
from murai.stylize.shelf import find_pack
from murai.stylize.stylist import Stylist

_USUAL_S = 10.0
_WARM_UP_FRAMES = 10
_PATIENCE_S = 20.0
# The camera's picture on the left, where the number is, as it was before it was painted.
_SPLIT = ViewState(fit="fit", split=0.5)


@dataclass(frozen=True)
class Flow:
    """A pipeline of one pack, not started yet. size: of its pictures, upright."""

    pipeline: Pipeline
    size: Size
    fps: float


def run_latency(options: BenchOptions, source: str, screen: DisplayConfig, console: Console, signs: Console) -> Row:
    """Measures, says the figures, and writes them where that was asked for.

    source: a synthetic one draws the numbers itself; any other one is a camera that looks at the screen.
    console: for the figures. signs: for signs of life, on standard error.

    Raises:
        MuraiError: nothing can be seen, or a file not be written.
        Interrupted: by a signal; what was seen until then is said and written.
    """
    spec = parse_source(source)
    if isinstance(spec, FileSpec):
        raise ConfigError(f"--source {source}: a file can't see the screen", "name a camera, or leave it out")
    if options.json_file:
        check_file(options.json_file)
    compute = choose_compute(options.device)
    pack = find_pack(options.packs[0] if options.packs else "auto", compute.device)
    seconds, row = options.seconds or _USUAL_S, None
    say(signs, f"looking for numbers for {seconds:g} s")
    with Interruption() as interruption:
        with interruption.breaks(), open_canvas(screen) as canvas:
            if isinstance(spec, SyntheticSpec):
                row = screen_to_screen(spec, canvas, (pack, compute), seconds)
            else:
                row = glass_to_glass(open_source(source), canvas, (pack, compute), seconds)
            _tell(row, canvas, console)
        if row is not None and options.json_file:
            _keep(row, compute, interruption, options.json_file)
    if interruption.cause:
        say(signs, f"{interruption.cause}{'' if row else ': nothing was measured'}")
        raise interruption.cause
    assert row is not None  # else there is a cause
    return row


def _keep(row: Row, compute: Compute, interruption: Interruption, file: Path) -> None:
    notes = [str(interruption.cause)] if interruption.cause else []
    text = json.dumps(Result(describe_machine(compute), {}, [row], notes).as_json(), indent=1) + "\n"
    write_file(file, lambda path: path.write_text(text, encoding="utf-8"))


def screen_to_screen(spec: SyntheticSpec, canvas: Canvas, painter: tuple[Pack, Compute], seconds: float) -> Row:
    """From the moment a picture is due to the swap after its pixels were read from the framebuffer."""
    sightings = Sightings()
    flow = _flow(OpenedSource(CodedScene(spec, sightings.sent), "coded:"), painter)
    passed_s = _watch_screen(flow.pipeline, canvas, sightings, seconds)
    return _row("screen to screen", flow.size, painter[0], sightings, passed_s)


def _watch_screen(pipeline: Pipeline, canvas: Canvas, sightings: Sightings, seconds: float) -> float:
    """Reads what is drawn; gives how long it took, without the first pictures.

    Raises:
        BenchError: nothing is painted.
        Interrupted: before anything counts.
    """
    from murai.display.renderer import Renderer  # OpenGL can only be loaded once a canvas has decided how

    begun_s, frames = 0.0, -_WARM_UP_FRAMES
    with pipeline, closing(Renderer(canvas)) as renderer:
        try:
            while frames < 1 or time.monotonic() - begun_s < seconds:
                painted = newest_painting(pipeline, _PATIENCE_S)
                if painted is None:
                    raise BenchError(f"nothing was painted for {_PATIENCE_S:g} s", "take a smaller source")
                renderer.draw(painted, _SPLIT, HudState())
                number = _reader(painted, canvas).read(renderer.read_back())
                canvas.poll()
                canvas.swap()
                now_s = time.monotonic()
                sightings.seen(number, now_s)
                frames += 1
                if frames == 0:
                    begun_s = now_s
                    sightings.forget_latencies()
        except Interrupted:
            if frames < 1 or not sightings.latencies_s:
                raise
        return time.monotonic() - begun_s


def _reader(painted: Painted, canvas: Canvas) -> Reader:
    """For the left half of the picture, wherever the canvas has it now."""
    width, height = canvas.size_px
    left, top, right, bottom = place_picture(painted.painting.size_px, (width, height), _SPLIT).target
    return known_place(left * width, top * height, (left + right) / 2 * width, bottom * height)


def glass_to_glass(opened: OpenedSource, canvas: Canvas, painter: tuple[Pack, Compute], seconds: float) -> Row:
    """From the swap that showed a number first to the swap of the first picture in which the camera saw it.

    What the panel adds after a swap is in it once, as it is for people: it delays what the camera sees.

    Raises:
        BenchError: the camera sees no number.
    """
    flow = _flow(opened, painter)
    with flow.pipeline as pipeline:
        begun_s = time.monotonic()
        sightings = watch_glass(pipeline, canvas, flow.fps, seconds)
        passed_s = time.monotonic() - begun_s
    return _row("glass to glass", flow.size, painter[0], sightings, passed_s)


def _flow(opened: OpenedSource, painter: tuple[Pack, Compute]) -> Flow:
    pack, compute = painter
    info = opened.source.info
    upright = info.quarter_turns % 2 == 0
    size = (info.width_px, info.height_px) if upright else (info.height_px, info.width_px)
    engine = Engine(pack, compute)
    engine.warm_up(size)
    counts = FrameCounts()
    stylist = Stylist(engine, style_mix(pack, 1), counts, steady=True)
    return Flow(Pipeline(opened, compute.device, stylist, counts), size, info.fps or 30.0)


def _row(stage: str, size: Size, pack: Pack, sightings: Sightings, passed_s: float) -> Row:
    if not sightings.latencies_s:
        raise BenchError(
            f"no number was read in any of {sightings.unread} pictures",
            "fill the camera's view with the window, upright and sharp, and darken the room",
        )
    return Row(Subject("murai", stage, size, pack.facts.name), Timings(sightings.latencies_s, passed_s))


def _tell(row: Row, canvas: Canvas, console: Console) -> None:
    subject, timings = row.subject, row.timings
    figures = ", ".join(f"{name} {timings.percentile_ms(share):.0f} ms" for name, share in PERCENTILES)
    line = f"{subject.stage}: {figures}, of {len(timings.durations_s)} numbers"
    console.print(Text(f"{line}; {size_name(subject.size)}, {subject.pack}, {canvas.title}"), soft_wrap=True)
