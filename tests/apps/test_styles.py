from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from murai.apps.styles import list_packs, show_pack, verify_pack
from murai.errors import PackError, StyleMissing
from murai.stylize.shelf import pack_folders
from tests.fakes.packs import write_tiny_pack


def told() -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=160), stream


def test_the_shipped_packs_are_listed_for_people_and_machines() -> None:
    console, people = told()
    machines = io.StringIO()
    list_packs(console)
    list_packs(machines)
    listed = json.loads(machines.getvalue())
    assert [pack["name"] for pack in listed] == [folder.name for folder in pack_folders()]
    for pack in listed:
        for style in pack["styles"]:
            assert style["title"] in people.getvalue()


def test_a_pack_is_shown(tmp_path: Path) -> None:
    console, stream = told()
    show_pack(str(write_tiny_pack(tmp_path / "tiny")), console)
    assert "Tiny (tiny), CC0-1.0" in stream.getvalue()
    assert "8 channels, 1 blocks" in stream.getvalue()
    assert "style-3" in stream.getvalue()


def test_a_whole_pack_is_whole_and_one_without_a_preview_is_not(tmp_path: Path) -> None:
    console, stream = told()
    pack = write_tiny_pack(tmp_path / "tiny")
    verify_pack(str(pack), console)
    assert "whole, 3 styles" in stream.getvalue()
    (pack / "style-2.jpg").unlink()
    with pytest.raises(PackError, match=r"lacks style-2\.jpg"):
        verify_pack(str(pack), console)


def test_no_pack_of_that_name() -> None:
    with pytest.raises(StyleMissing, match="there is no style pack 'nowhere'"):
        show_pack("nowhere", told()[0])
