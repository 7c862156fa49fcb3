"""What `murai styles` does."""

from __future__ import annotations

import json
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from murai.errors import PackError
from murai.stylize.pack import Pack, load_weights, read_pack
from murai.stylize.shelf import find_pack, pack_folders


def list_packs(out: Console | TextIO) -> None:
    """All packs that came with Murai, as a table, or as JSON into a stream.

    Raises:
        PackError: one of them can't be read.
    """
    packs = [read_pack(folder) for folder in pack_folders()]
    if not isinstance(out, Console):
        json.dump([_as_json(pack) for pack in packs], out, indent=2, ensure_ascii=False)
        out.write("\n")
        return
    table = Table("pack", "key", "style", "title", "artist", "year")
    for pack in packs:
        for number, style in enumerate(pack.styles):
            key = str((number + 1) % 10) if number < 10 else ""
            table.add_row(
                pack.facts.name if number == 0 else "", key, style.name, style.title, style.artist, style.year
            )
    out.print(table)


def show_pack(name: str, console: Console) -> None:
    """One pack in words and figures.

    Raises:
        PackError: there is none of that name, or it can't be read.
    """
    pack = find_pack(name)
    facts, spec = pack.facts, pack.facts.network.spec
    console.print(f"{facts.title} ({facts.name}), {facts.licence}, in {pack.folder}", highlight=False, markup=False)
    console.print(f"network: {spec.channels} channels, {spec.blocks} blocks", highlight=False)
    for entry, value in facts.training.items():
        console.print(f"{entry}: {value}", highlight=False, markup=False)
    table = Table("style", "title", "artist", "year", "credit", "training")
    for style in pack.styles:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in style.training.items())
        table.add_row(style.name, style.title, style.artist, style.year, style.credit, figures)
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
    console.print(f"{pack.folder}: whole, {len(pack.styles)} styles", highlight=False, markup=False)


def _as_json(pack: Pack) -> dict[str, Any]:
    return {
        "name": pack.facts.name,
        "title": pack.facts.title,
        "folder": str(pack.folder),
        "styles": [style.model_dump() for style in pack.styles],
    }
