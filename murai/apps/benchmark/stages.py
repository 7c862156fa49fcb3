"""Each stage of the flow alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import cycle

import numpy as np
import torch

from murai.apps.benchmark.figures import Row, Subject, Timings
from murai.apps.benchmark.footage import Clip
from murai.apps.benchmark.options import Size
from murai.apps.benchmark.stopwatch import time_calls
from murai.apps.benchmark.workshop import Workshop
from murai.config import DisplayConfig
from murai.core.frame import Painted
from murai.core.media import Packet, StreamInfo
from murai.display.hud import HudState
from murai.display.opening import open_canvas
from murai.display.view import ViewState
from murai.sources.decoders import open_decoder
from murai.stylize.pack import Pack


def measure_decode(workshop: Workshop, size: Size) -> Row:
    """Packets of H.264 to frames in R'G'B' on the device."""
    return workshop.row_by_bytes(Subject("murai", "decode", size), _time_decoder(workshop, workshop.clip(size)))


def measure_colour(workshop: Workshop, size: Size) -> Row:
    """The decoder's colours alone: it is given NV12 as it comes from a camera, in which nothing is compressed."""
    return workshop.row_by_bytes(Subject("murai", "colour", size), _time_decoder(workshop, _raw_clip(size)))


def measure_network(workshop: Workshop, pack: Pack, size: Size, styles: int) -> Row:
    """Frames to paintings, on the device, in an even mix of the pack's first styles."""
    engine = workshop.engine(pack, size)
    frames = cycle(workshop.frames(size))
    shares = even_shares(pack, styles)
    timings = time_calls(lambda: engine.paint(next(frames).rgb, shares), workshop.seconds, workshop.compute.device)
    return workshop.row_of_network(Subject("murai", "network", size, pack.facts.name, styles), timings, pack)


def measure_draw(workshop: Workshop, pack: Pack, size: Size) -> Row:
    """Paintings from the device to pixels of a framebuffer of their size, each drawn to the end."""
    engine = workshop.engine(pack, size)
    shares = even_shares(pack, 1)
    frames = workshop.frames(size)
    paintings = [
        Painted(replace(frame, rgb=engine.paint(frame.rgb, shares), ready=None), frame, "") for frame in frames
    ]
    with open_canvas(DisplayConfig(mode="offscreen", size=size)) as canvas:
        from murai.display.renderer import Renderer  # OpenGL can only be loaded once a canvas has decided how

        each = cycle(paintings)
        if workshop.compute.device == "cuda":
            torch.cuda.synchronize()
        with closing(Renderer(canvas)) as renderer:

            def draw() -> None:
                renderer.draw(next(each), ViewState(mirror=True), HudState())
                canvas.swap()

            timings = time_calls(draw, workshop.seconds)
    return workshop.row_by_bytes(Subject("murai", "draw", size), timings)


def even_shares(pack: Pack, styles: int) -> list[float]:
    """The first so many styles in equal parts."""
    return [1.0 / styles if number < styles else 0.0 for number in range(len(pack.styles))]


def _time_decoder(workshop: Workshop, clip: Clip) -> Timings:
    decoder = open_decoder(clip.info, workshop.compute.device)
    try:
        return time_calls(_decoding(decoder.decode, decoder.flush, clip), workshop.seconds, workshop.compute.device)
    finally:
        decoder.close()


def _decoding(decode: Callable[[Packet], object], flush: Callable[[], object], clip: Clip) -> Callable[[], None]:
    """The clip's packets one after another, and from the start again."""
    numbers = iter(range(2**62))

    def one() -> None:
        number = next(numbers)
        index = number % len(clip.packets)
        if index == 0 and number > 0:
            flush()
        decode(replace(clip.packets[index], order=number))

    return one


def _raw_clip(size: Size) -> Clip:
    width, height = size
    noise = np.random.default_rng(1).integers(16, 235, (height * 3 // 2, width), dtype=np.uint8)
    info = StreamInfo("rawvideo", width, height, 30.0, "raw pictures", pixel_format="nv12")
    return Clip(info, [Packet(noise.tobytes(), 0.0, 0)])
