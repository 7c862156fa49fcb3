"""The command `murai bench`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from murai.cli_options import figures_output, option, said
from murai.config import DisplayConfig, parse_size
from murai.errors import ConfigError

_WHAT = "What is measured"
_LATENCY = "From screen to screen"
_RESULT = "The figures"


def bench(
    context: typer.Context,
    rows: Annotated[str, option(_WHAT, "Some of the rows; all.", metavar="NAME,…")] = "",
    sizes: Annotated[str, option(_WHAT, "360p, 720p, 1080p, 4k or WxH; the usual.", metavar="SIZE,…")] = "",
    packs: Annotated[str, option(_WHAT, "Packs' names or folders; all that came.", metavar="NAME,…")] = "",
    seconds: Annotated[
        float | None, option(_WHAT, "Of each row, at least; 3, or 10 for --latency.", min=0.1, metavar="S")
    ] = None,
    quick: Annotated[bool, option(_WHAT, "One size, one pack, a second each.", "--quick")] = False,
    device: Annotated[Literal["auto", "cpu", "cuda"], option(_WHAT, "Where to paint.")] = "auto",
    latency: Annotated[bool, option(_LATENCY, "Only how late the screen is.", "--latency")] = False,
    source: Annotated[
        str, option(_LATENCY, "synthetic: draws the pattern; a camera sees it on the screen.", metavar="URI")
    ] = "synthetic:",
    display: Annotated[Literal["auto", "window", "offscreen"], option(_LATENCY, "Where to draw.")] = "auto",
    fullscreen: Annotated[bool, option(_LATENCY, "Fill the monitor.", "--fullscreen")] = False,
    size: Annotated[str, option(_LATENCY, "Of the window, in px.", metavar="WxH")] = "1280x720",
    json_file: Annotated[
        Path | None, option(_RESULT, "For machines; - for standard output.", "--json", metavar="FILE")
    ] = None,
    plot: Annotated[Path | None, option(_RESULT, "The growth with size and styles.", metavar="FILE.png")] = None,
) -> None:
    """Pictures a second and latency by stage, beside this machine's own limits and other programs."""
    from rich.console import Console

    from murai.apps.benchmark.interruption import Interrupted
    from murai.apps.benchmark.options import BenchOptions, parse_rows, parse_sizes
    from murai.apps.outputs import check_apart

    json_file, console = figures_output(json_file)
    check_apart({"--json": json_file, "--plot": plot}, {})
    _check_heard(said(context))
    named = tuple(name.strip() for name in packs.split(",") if name.strip())
    options = BenchOptions(
        rows=parse_rows(rows),
        sizes=parse_sizes(sizes),
        packs=named,
        seconds=seconds,
        quick=quick,
        device=device,
        json_file=json_file,
        plot=plot,
    )
    try:
        if latency:
            from murai.apps.benchmark.latency import run_latency

            screen = DisplayConfig(mode=display, fullscreen=fullscreen, size=parse_size(size))
            run_latency(options, source, screen, console, Console(stderr=True))
        else:
            from murai.apps.benchmark.run import run_bench

            run_bench(options, console, Console(stderr=True))
    except Interrupted as cause:
        raise typer.Exit(cause.status) from None


_LISTS = ("rows", "sizes", "packs")
_FOR_ROWS = ("rows", "sizes", "quick", "plot")
_FOR_LATENCY = ("source", "display", "fullscreen", "size")


def _check_heard(given: Mapping[str, Any]) -> None:
    """Sees to it that each option says something, to somebody who hears it.

    Raises:
        ConfigError: one doesn't.
    """
    for name in _LISTS:
        if name in given and not given[name].strip(" ,"):
            raise ConfigError(f"--{name} '{given[name]}' names nothing", "leave it out for the usual")
    latency = "latency" in given
    for name in _FOR_ROWS if latency else _FOR_LATENCY:
        if name in given:
            what = "has no part in --latency" if latency else "is for --latency alone"
            raise ConfigError(
                f"--{name} {what}", "leave one of the two out" if latency else "leave it out, or add that"
            )
    if latency and "," in given.get("packs", "").strip(" ,"):
        raise ConfigError(f"--latency takes one pack, not '{given['packs']}'", "name one")
