"""The command `murai stylize`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from murai.cli_options import SettingsFile, check_given, option, said
from murai.config import parse_size
from murai.errors import RenderError

if TYPE_CHECKING:
    from murai.apps.stylizing import Report
    from murai.apps.stylizing_options import StylizeOptions

_STYLES = "In which styles"
_WHERE = "Where, and how much"
_FILES = "The files"
_WORK = "The work"


def stylize(
    context: typer.Context,
    input_: Annotated[
        str | None, typer.Argument(help="Picture, folder, film, or a source's URI.", metavar="INPUT")
    ] = None,
    output: Annotated[
        Path | None, option(_FILES, "File; a folder for a folder.", "-o", "--output", metavar="OUTPUT")
    ] = None,
    pack: Annotated[str, option(_STYLES, "A pack's name or folder.", metavar="NAME")] = "auto",
    style: Annotated[
        list[str] | None, option(_STYLES, "A style, or several to mix; the first.", metavar="NAME[:SHARE]")
    ] = None,
    mix: Annotated[
        str, option(_STYLES, "Of a film: gliding from mix to mix.", metavar="'SECONDS:NAME[:SHARE][+NAME…],…'")
    ] = "",
    own_colours: Annotated[
        Literal["yuv", "ycbcr", "lab", "luv"] | None, option(_STYLES, "Keep the input's colours, by this space.")
    ] = None,
    steady: Annotated[
        bool, option(_STYLES, "Of a film: strokes rest, or move with things.", "--steady/--no-steady")
    ] = True,
    strength: Annotated[float, option(_WHERE, "0: as it was; 1: painted.", min=0.0, max=1.0)] = 1.0,
    mask: Annotated[
        Path | None, option(_WHERE, "Picture or film, white where to paint; a folder of them.", metavar="FILE")
    ] = None,
    outside: Annotated[
        list[str] | None, option(_WHERE, "Style outside the mask; the input as it was.", metavar="NAME[:SHARE]")
    ] = None,
    crop: Annotated[str | None, option(_FILES, "Only this part, in px of the input.", metavar="X,Y,W,H")] = None,
    size: Annotated[str | None, option(_FILES, "Scaled to fit into so many px.", metavar="WxH")] = None,
    png: Annotated[bool, option(_FILES, "Pictures as PNG; a film as a folder of frames.", "--png")] = False,
    crf: Annotated[int, option(_FILES, "Of films: less is better and larger.", min=0, max=51)] = 18,
    seconds: Annotated[float | None, option(_WORK, "No more of a film than that.", metavar="S")] = None,
    resume: Annotated[bool, option(_WORK, "Skip what is there already.", "--resume")] = False,
    shard: Annotated[
        str | None, option(_WORK, "Only this part: files of a folder, or a piece of a film.", metavar="K/N")
    ] = None,
    join: Annotated[int | None, option(_WORK, "Put N pieces of the film together.", metavar="N", min=1)] = None,
    lead_in: Annotated[float, option(_WORK, "Followed before a piece begins, in seconds.", min=0.0)] = 10.0,
    batch: Annotated[int, option(_WORK, "Pictures of one size at once, on a GPU.", min=1)] = 8,
    device: Annotated[Literal["auto", "cpu", "cuda"], option(_WORK, "Where to paint.")] = "auto",
    from_: SettingsFile = None,
    as_json: Annotated[bool, option(_WORK, "For machines.", "--json")] = False,
) -> None:
    """Pictures, folders and films, painted by the network; the sound of films is kept."""
    from rich.console import Console

    from murai.apps.stylizing import stylize as run

    report = run(_options(said(context), from_), Console(stderr=as_json))
    _tell(report, as_json=as_json)


_ENTRIES = {"input_": "input", "style": "styles", "lead_in": "lead_in_s"}
_NO_SETTINGS = ("from_", "as_json")
# Each says what the others would: given here, it takes the place of those in the file.
_EITHER = (("styles", "mix"), ("shard", "join"))


def _options(given: dict[str, Any], from_: Path | None) -> StylizeOptions:
    """The options as `stylize` has them, of those that were given and, where a file is named, its settings."""
    from murai.apps.settings_files import overlaid, repeated_settings
    from murai.apps.stylizing_options import COMMAND, make_options

    kept = repeated_settings(from_, COMMAND) if from_ else {}
    table = _table(given)
    for names in _EITHER:
        if any(name in table for name in names):
            kept = {name: value for name, value in kept.items() if name not in names}
    told = overlaid(kept, table)
    check_given(told, {"input": "INPUT", "output": "-o OUTPUT"})
    return make_options(told, str(from_ or COMMAND))


def _table(given: dict[str, Any]) -> dict[str, Any]:
    """The options as the settings have them."""
    from murai.apps.stylizing_options import parse_crop, parse_shard

    parsed = {"size": parse_size, "crop": parse_crop, "shard": parse_shard}
    return {
        _ENTRIES.get(name, name): parsed[name](value) if name in parsed else value
        for name, value in given.items()
        if name not in _NO_SETTINGS
    }


def _tell(report: Report, *, as_json: bool) -> None:
    """Says what came of it.

    Raises:
        RenderError: something failed.
    """
    if as_json:
        typer.echo(json.dumps(asdict(report)))
    for name, fault in report.failed.items():
        typer.echo(f"{name}: {fault}", err=True)
    if report.failed:
        done = report.painted + report.skipped
        raise RenderError(f"{len(report.failed)} of {len(report.failed) + done} files failed", "they are named above")
    if not as_json:
        frames = f", {report.frames} frames" if report.frames else ""
        skipped = f", {report.skipped} were there already" if report.skipped else ""
        typer.echo(f"painted: {report.painted}{frames}{skipped}; {report.took_s:.1f} s")
