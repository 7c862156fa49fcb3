"""What `murai styles` does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from murai.errors import PackError
from murai.stylize.pack import Pack, load_weights, read_pack
from murai.stylize.shelf import find_pack, pack_folders


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
    out.print(table)


def show_pack(name: str, console: Console) -> None:
    """One pack in words and figures.

    Raises:
        PackError: there is none of that name, or it can't be read.
    """
    pack = find_pack(name)
    facts, spec = pack.facts, pack.facts.network.spec
    _say(console, f"{facts.title} ({facts.name}), {facts.licence}, in {pack.folder}")
    _say(console, f"network: {spec.channels} channels, {spec.blocks} blocks")
    for entry, value in facts.training.items():
        _say(console, f"{entry}: {value}")
    table = Table("style", "title", "artist", "year", "credit", "training")
    for style in pack.styles:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in style.training.items())
        table.add_row(*map(Text, (style.name, style.title, style.artist, style.year, style.credit, figures)))
    console.print(table)


def verify_pack(name: str, console: Console) -> None:
    """Reads everything that the show would read.

    Raises:
        PackError: something is missing, damaged or doesn't fit.
    """
    pack = find_pack(name)
    load_weights(pack)
    for style in pack.styles:
        if style.preview and not (pack.folder / style.preview).is_file():
            raise PackError(f"{pack.folder} lacks {style.preview}", "copy the whole pack again from where it came")
    _say(console, f"{pack.folder}: whole, {len(pack.styles)} styles")


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
