from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from murai.apps import styles
from murai.apps.styles import list_packs, show_pack, verify_pack
from murai.errors import PackError, StyleMissing
from murai.stylize.pack import StyleFacts
from murai.stylize.pack_writer import write_pack
from murai.stylize.shelf import pack_folders
from tests.fakes.packs import tiny_contents, write_tiny_pack


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


def write_marked_pack(folder: Path) -> Path:
    """A pack whose words look like rich's markup and emoji."""
    marked = StyleFacts(name="marked", title="Wave [detail]", artist="[/x]", credit="by :wave: [bold]", year="1831")
    write_pack(folder, replace(tiny_contents(1), title="Waves [/all]", styles=[marked]))
    return folder


def test_words_that_look_like_markup_are_told_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_marked_pack(tmp_path / "marked")
    monkeypatch.setattr(styles, "pack_folders", lambda: iter([folder]))
    listed, shown = told(), told()
    list_packs(listed[0])
    show_pack(str(folder), shown[0])
    for stream in (listed[1], shown[1]):
        assert "Wave [detail]" in stream.getvalue()
        assert "[/x]" in stream.getvalue()
    assert "by :wave: [bold]" in shown[1].getvalue()
    assert "Waves [/all] (marked)" in shown[1].getvalue()


def test_a_broken_pack_is_listed_with_its_fault_beside_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = write_tiny_pack(tmp_path / "broken")
    (broken / "pack.toml").write_text("format = [")
    monkeypatch.setattr(styles, "pack_folders", lambda: iter([broken, write_tiny_pack(tmp_path / "tiny")]))
    console, people = told()
    machines = io.StringIO()
    list_packs(console)
    list_packs(machines)
    faulty, whole = json.loads(machines.getvalue())
    assert (faulty["name"], faulty["folder"]) == ("broken", str(broken))
    assert "pack.toml is no valid TOML" in faulty["error"]
    assert set(faulty) == {"name", "folder", "error"}
    assert whole["name"] == "tiny"
    for word in ("broken", "no valid TOML", "tiny", "style-3"):
        assert word in people.getvalue()


def test_a_long_path_stays_on_one_line(tmp_path: Path) -> None:
    console, stream = told()
    folder = write_tiny_pack(tmp_path / ("deep" * 20) / ("deep" * 20) / "tiny")
    verify_pack(str(folder), console)
    assert stream.getvalue() == f"{folder}: whole, 3 styles\n"


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
