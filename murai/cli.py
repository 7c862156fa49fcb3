"""The commands. Each loads its config, builds, and runs; what they build is imported when they are called."""

from __future__ import annotations

import json
import logging
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from murai import __version__
from murai.cli_bench import bench
from murai.cli_evaluate import evaluate
from murai.cli_paint import paint
from murai.cli_stylize import stylize
from murai.cli_train import train
from murai.config import Config, parse_model, parse_size, read_toml
from murai.core.output import output_heard
from murai.core.paths import find_config
from murai.core.process import GPU_LOST_STATUS, end_at_once
from murai.errors import GpuLost, MuraiError
from murai.hardware import share_cores

app = typer.Typer(
    name="murai",
    help="Murai: a webcam becomes a painting, live, on a screen in front of people.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
outbox_app = typer.Typer(help="Pictures that wait to be posted, and what became of them.", no_args_is_help=True)
styles_app = typer.Typer(help="The style packs that there are.", no_args_is_help=True)
app.add_typer(outbox_app, name="outbox")
app.add_typer(styles_app, name="styles")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="A TOML file, or the name of one that came with Murai.", metavar="FILE")
]
JsonOption = Annotated[bool, typer.Option("--json", help="For machines.")]


def main() -> None:
    """The entry point: a known error is one line on standard error and exit status 1; a lost GPU has its own status."""
    share_cores()
    try:
        with output_heard():
            app()
    except GpuLost:  # told when it was found
        end_at_once(GPU_LOST_STATUS)
    except MuraiError as fault:
        typer.echo(f"murai: {fault}", err=True)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Say the version and end.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log what is chosen, and why.")] = False,
) -> None:
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="murai: %(message)s")
    if version:
        typer.echo(f"Murai {__version__}")
        raise typer.Exit


@app.command()
def run(
    config: ConfigOption = None,
    source: Annotated[str | None, typer.Option(help="Camera, file, stream or synthetic:", metavar="URI")] = None,
    style: Annotated[str | None, typer.Option(help="The style to start with.", metavar="NAME")] = None,
    pack: Annotated[str | None, typer.Option(help="A pack's name or folder.", metavar="NAME")] = None,
    display: Annotated[Literal["auto", "window", "offscreen"] | None, typer.Option(help="Where to draw.")] = None,
    device: Annotated[Literal["auto", "cuda", "cpu"] | None, typer.Option(help="Where to paint.")] = None,
    steady: Annotated[
        bool | None, typer.Option("--steady/--no-steady", help="Strokes rest and move with things.")
    ] = None,
    fullscreen: Annotated[bool, typer.Option("--fullscreen", help="Fill the monitor.")] = False,
    size: Annotated[str | None, typer.Option(help="Of the window or picture, in px.", metavar="WxH")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="End after so many pictures.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="End after so long.")] = None,
    press: Annotated[str, typer.Option(help="Keys by the clock.", metavar="'SECONDS:KEY,…'")] = "",
    record: Annotated[Path | None, typer.Option(help="Film what the screen shows.", metavar="FILE.mp4")] = None,
    stats: Annotated[Path | None, typer.Option(help="Figures as JSON lines.", metavar="FILE")] = None,
    as_json: JsonOption = False,
) -> None:
    """The kiosk: camera to painting to screen, until somebody quits."""
    from murai.apps.kiosk import RunOptions, run_kiosk
    from murai.apps.presses import parse_presses

    overrides: dict[str, dict[str, Any]] = {
        "source": {"uri": source},
        "stylizer": {"style": style, "pack": pack, "device": device, "steady": steady},
        "display": {"mode": display, "fullscreen": fullscreen or None, "size": size and parse_size(size)},
    }
    options = RunOptions(
        read_config=partial(_config_with, config, overrides),
        seconds=seconds,
        frames=frames,
        presses=tuple(parse_presses(press)) if press else (),
        record=record,
        stats=stats,
    )
    summary = run_kiosk(options)
    typer.echo(json.dumps({"summary": summary}) if as_json else _told(summary))


@outbox_app.command("list")
def outbox_list(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What waits, what was sent, what failed and why."""
    from murai.apps import outbox

    file = _outbox_file(config)
    if as_json:
        outbox.list_posts_json(file, sys.stdout)
    else:
        outbox.list_posts(file, _console())


@outbox_app.command("retry")
def outbox_retry(
    ids: Annotated[list[int] | None, typer.Argument(help="Posts; none: all that failed.")] = None,
    config: ConfigOption = None,
) -> None:
    """Try failed posts again, and end a pause."""
    from murai.apps import outbox

    outbox.retry_posts(_outbox_file(config), ids or [], _console())


@outbox_app.command("cancel")
def outbox_cancel(ids: Annotated[list[int], typer.Argument(help="Posts.")], config: ConfigOption = None) -> None:
    """Keep posts from being sent; the pictures stay."""
    from murai.apps import outbox

    outbox.cancel_posts(_outbox_file(config), ids, _console())


@outbox_app.command("purge")
def outbox_purge(
    older_than_days: Annotated[float, typer.Option(min=0.0, help="How long ago they ended.")] = 30.0,
    config: ConfigOption = None,
) -> None:
    """Forget posts that were sent or failed long ago; the pictures stay."""
    from murai.apps import outbox

    outbox.purge_posts(_outbox_file(config), older_than_days, _console())


@styles_app.command("list")
def styles_list(as_json: JsonOption = False) -> None:
    """All packs and their styles."""
    from murai.apps import styles

    styles.list_packs(sys.stdout if as_json else _console())


@styles_app.command("show")
def styles_show(pack: Annotated[str, typer.Argument(help="A pack's name or folder.")]) -> None:
    """One pack: its styles, its network and how it was trained."""
    from murai.apps import styles

    styles.show_pack(pack, _console())


@styles_app.command("verify")
def styles_verify(pack: Annotated[str, typer.Argument(help="A pack's name or folder.")]) -> None:
    """Whether a pack is whole."""
    from murai.apps import styles

    styles.verify_pack(pack, _console())


@styles_app.command("preview")
def styles_preview(
    pack: Annotated[str, typer.Argument(help="A pack's name or folder.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Where to; the pack itself.", metavar="FOLDER")
    ] = None,
) -> None:
    """Draw each style's preview, and all of them on one sheet."""
    from murai.apps import previews

    previews.draw_previews(pack, output, _console())


@styles_app.command("export")
def styles_export(
    pack: Annotated[str, typer.Argument(help="A pack's name or folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A TorchScript file.", metavar="FILE.pt")],
    style: Annotated[
        list[str] | None, typer.Option(help="A style, or several to mix; the first.", metavar="NAME[:SHARE]")
    ] = None,
) -> None:
    """Write a style as a file that plain torch can paint with."""
    from murai.apps import styles

    styles.export_style(pack, style or [], output, _console())


app.command()(train)
app.command()(paint)
app.command()(stylize)
app.command()(bench)
app.command()(evaluate)


def _config_with(file: Path | None, overrides: dict[str, dict[str, Any]]) -> Config:
    """The file's config, or the defaults, with what the command line says instead."""
    tables = read_toml(find_config(file)) if file else {}
    parse_model(Config, tables, str(file))
    for section, entries in overrides.items():
        given = {entry: value for entry, value in entries.items() if value is not None}
        tables[section] = {**tables.get(section, {}), **given}
    return parse_model(Config, tables, "options")


def _outbox_file(config: Path | None) -> Path:
    from murai.publish.outbox import outbox_file

    return outbox_file(_config_with(config, {}).outbox)


def _console() -> Any:
    from rich.console import Console

    return Console()


def _told(summary: dict[str, Any]) -> str:
    latency, frames = summary["latency_ms"], summary["frames"]
    if summary["first_frame_s"] is None:
        return "nothing was painted"
    return (
        f"pictures shown: {frames['shown']}, {summary['shown_fps']:.1f} a second; "
        f"latency {latency['p50']:.0f} ms (p95 {latency['p95']:.0f} ms); "
        f"first picture after {summary['first_frame_s']:.1f} s"
    )
