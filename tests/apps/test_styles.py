from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from murai.apps import styles
from murai.apps.styles import list_packs, parse_mix, show_pack, verify_pack
from murai.errors import ConfigError, PackError, StyleMissing
from murai.stylize.pack import StyleFacts, read_pack
from murai.stylize.pack_writer import add_twin, write_pack
from murai.stylize.shelf import pack_folders
from tests.fakes.packs import tiny_contents, write_tiny_pack
from tests.fakes.runs import Home


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


def test_names_are_whole_in_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    title, credit = "A title of more words than a pipe has columns " * 3, "whoever scanned it, and where it hangs " * 4
    style = StyleFacts(name="s", title=title.strip(), artist="Artist", credit=credit.strip(), year="1831")
    folder = tmp_path / "long"
    write_pack(folder, replace(tiny_contents(1), styles=[style]))
    monkeypatch.setattr(styles, "pack_folders", lambda: iter([folder]))
    pipe = io.StringIO()
    list_packs(Console(file=pipe))
    show_pack(str(folder), Console(file=pipe))
    assert pipe.getvalue().count(title.strip()) == 2
    assert credit.strip() in pipe.getvalue()


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


def test_a_twin_is_verified_too(tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path / "tiny")
    add_twin(read_pack(pack), read_pack(write_tiny_pack(tmp_path / "other")))
    verify_pack(str(pack), told()[0])
    (pack / "twin.safetensors").unlink()
    with pytest.raises(PackError, match=r"can't read .*twin\.safetensors"):
        verify_pack(str(pack), told()[0])


def test_a_pack_that_is_too_large_is_told(tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path / "tiny")
    (pack / "sheet.png").write_bytes(bytes(styles.MOST_BYTES))
    with pytest.raises(PackError, match=r"tiny has 8\.\d MB, a pack has 8 MB at most.*narrower"):
        verify_pack(str(pack), told()[0])


def test_a_mix_is_told_by_names_and_shares(tmp_path: Path) -> None:
    pack = read_pack(write_tiny_pack(tmp_path / "tiny"))
    assert parse_mix(pack, []) == [1.0, 0.0, 0.0]
    assert parse_mix(pack, ["style-2"]) == [0.0, 1.0, 0.0]
    assert parse_mix(pack, ["style-2:3", "style-1"]) == [0.25, 0.75, 0.0]


@pytest.mark.parametrize("entry", ["style-1:0", "style-1:-1", "style-1:much", "style-1:nan", "style-1:inf"])
def test_a_share_that_is_none(tmp_path: Path, entry: str) -> None:
    pack = read_pack(write_tiny_pack(tmp_path / "tiny"))
    with pytest.raises(ConfigError, match=rf"--style {entry}: '.*' is no share: give a number above 0"):
        parse_mix(pack, [entry])
    with pytest.raises(StyleMissing, match="no style 'cubism'"):
        parse_mix(pack, ["cubism"])


@pytest.mark.filterwarnings("ignore:.*torch.jit.load.*:DeprecationWarning")
def test_the_commands_draw_previews_and_export_styles(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_tiny_pack(tmp_path / "tiny")
    assert home.murai("styles", "preview", "tiny", "-o", "drawn") == (0, "drawn: 3 previews and sheet.jpg\n", "")
    assert len(list((tmp_path / "drawn").iterdir())) == 4
    status, out, err = home.murai(
        "styles", "export", "tiny", "-o", "mix.pt", "--style", "style-1", "--style", "style-3:2"
    )
    assert (status, out.partition(":")[0], err) == (0, "mix.pt", "")
    painted = torch.jit.load(str(tmp_path / "mix.pt"))(torch.zeros((3, 20, 30), dtype=torch.uint8))
    assert painted.shape == (3, 20, 30)


def test_no_pack_of_that_name() -> None:
    with pytest.raises(StyleMissing, match="there is no style pack 'nowhere'"):
        show_pack("nowhere", told()[0])
