"""What `murai styles` does."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from murai.apps.tables import print_table
from murai.apps.timeline import StyleNames
from murai.errors import PackError
from murai.stylize.export import export_still_painter
from murai.stylize.pack import Pack, load_weights, read_pack
from murai.stylize.shelf import find_pack, pack_folders

MOST_BYTES = 8 * 2**20
"""A whole pack's size: small enough to come with Murai, and to be sent around."""


def list_packs(out: Console | TextIO) -> None:
    """All packs that came with Murai, as a table, or as JSON into a stream; one that can't be read with its fault."""
    packs = [_read(folder) for folder in pack_folders()]
    if not isinstance(out, Console):
        json.dump([_as_json(pack) for pack in packs], out, indent=2, ensure_ascii=False)
        out.write("\n")
        return
    table = Table("pack", "key", "style", "title", "artist", "year")
    for pack in packs:
        for row in _rows(pack):
            table.add_row(*map(Text, row))
    print_table(table, out)


def show_pack(name: str, console: Console) -> None:
    """One pack in words and figures.

    Raises:
        PackError: there is none of that name, or it can't be read.
    """
    pack = find_pack(name)
    facts, spec = pack.facts, pack.facts.network.spec
    _say(console, f"{facts.title} ({facts.name}), {facts.licence}, in {pack.folder}")
    _say(console, f"network: {spec.channels} channels, {spec.blocks} blocks, {spec.fine_channels} channels for detail")
    for entry, value in facts.training.items():
        _say(console, f"{entry}: {value}")
    table = Table("style", "title", "artist", "year", "credit", "training")
    for style in pack.styles:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in style.training.items())
        table.add_row(*map(Text, (style.name, style.title, style.artist, style.year, style.credit, figures)))
    print_table(table, console)


def verify_pack(name: str, console: Console) -> None:
    """Reads everything that the show would read.

    Raises:
        PackError: something is missing, damaged or doesn't fit.
    """
    pack = find_pack(name)
    load_weights(pack)
    if pack.facts.network.twin_sha256:
        load_weights(pack, twin=True)
    for style in pack.styles:
        if style.preview and not (pack.folder / style.preview).is_file():
            raise PackError(f"{pack.folder} lacks {style.preview}", f"`murai styles preview {name}` draws it")
    size_bytes = sum(file.stat().st_size for file in pack.folder.iterdir() if file.is_file())
    if size_bytes > MOST_BYTES:
        raise PackError(
            f"{pack.folder} has {size_bytes / 2**20:.1f} MB, a pack has {MOST_BYTES / 2**20:.0f} MB at most",
            "train a narrower network, or take files out that pack.toml doesn't name",
        )
    _say(console, f"{pack.folder}: whole, {len(pack.styles)} styles")


def export_style(name: str, mix: Sequence[str], file: Path, console: Console) -> None:
    """Writes one style, or a mix, as a file for plain torch.

    mix: "STYLE" or "STYLE:SHARE", see `parse_mix`.

    Raises:
        PackError, ConfigError: something can't be used or written.
    """
    pack = find_pack(name)
    export_still_painter(pack, parse_mix(pack, mix), file)
    _say(console, f"{file}: torch.jit.load gives a module that paints (3, H, W) uint8 pictures")


def parse_mix(pack: Pack, mix: Sequence[str], option: str = "--style") -> list[float]:
    """Shares of all styles, summing to 1, of "STYLE" or "STYLE:SHARE" each; of the first style where there is none.

    option: what people gave it by, for the message.

    Raises:
        StyleMissing: the pack has no such style.
        ConfigError: a share is no number above 0.
    """
    return list(styles_of(pack).shares(mix or [pack.styles[0].name], option))


def styles_of(pack: Pack) -> StyleNames:
    """A pack's styles, to be named in mixes."""
    return StyleNames([facts.name for facts in pack.styles], pack.index_of)


@dataclass(frozen=True)
class _Unread:
    """A pack that can't be read: one of them must not hide the others."""

    folder: Path
    fault: PackError


def _read(folder: Path) -> Pack | _Unread:
    try:
        return read_pack(folder)
    except PackError as fault:
        return _Unread(folder, fault)


def _rows(pack: Pack | _Unread) -> Iterator[tuple[str, ...]]:
    if isinstance(pack, _Unread):
        yield pack.folder.name, "", "", str(pack.fault)
        return
    for number, style in enumerate(pack.styles):
        key = str((number + 1) % 10) if number < 10 else ""
        name = pack.facts.name if number == 0 else ""
        yield name, key, style.name, style.title, style.artist, style.year


def _say(console: Console, line: str) -> None:
    """As it is: in a bare string, rich would take [words] for markup, and break the line at the 80th column."""
    console.print(Text(line), soft_wrap=True)


def _as_json(pack: Pack | _Unread) -> dict[str, Any]:
    if isinstance(pack, _Unread):
        return {"name": pack.folder.name, "folder": str(pack.folder), "error": str(pack.fault)}
    return {
        "name": pack.facts.name,
        "title": pack.facts.title,
        "folder": str(pack.folder),
        "styles": [style.model_dump() for style in pack.styles],
    }
