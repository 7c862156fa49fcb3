"""Whole shows, from the command line to the files that they leave."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import av
import pytest
from PIL import Image

from tests.fakes.packs import write_tiny_pack
from tests.fakes.runs import OFFSCREEN, SCENE, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.fixture
def pack(tmp_path: Path) -> str:
    return str(write_tiny_pack(tmp_path / "tiny"))


def wait_for_figures(stats: Path, process: subprocess.Popen[str]) -> None:
    """Until the show has run for a second."""
    end_s = time.monotonic() + 60.0
    while not (stats.exists() and stats.read_text()):
        assert process.poll() is None and time.monotonic() < end_s, process.communicate()
        time.sleep(0.05)


def test_a_show_with_keys_pictures_a_film_and_figures(home: Home, pack: str) -> None:
    press = "0.2:2,0.5:B,0.6:V,0.7:V,0.8:H,0.9:H,1.0:Space,5.5:3"
    files = ("--record", "film.mp4", "--stats", "stats.jsonl")
    summary = home.show(*OFFSCREEN, *SCENE, "--pack", pack, "--seconds", "6", "--press", press, *files)

    assert summary["style"] == "style-3"
    assert (summary["pack"], summary["device"], summary["source"]) == ("tiny", "cpu", "drawn scene")
    assert summary["frames"]["shown"] > 10
    assert summary["frames"]["captured"] == summary["frames"]["decoded"]
    assert summary["frames"]["stylized"] >= summary["frames"]["shown"]
    lines = [json.loads(line) for line in (home.folder / "stats.jsonl").read_text().splitlines()]
    assert len(lines) >= 5
    assert lines[-1] == {"summary": summary}

    pictures = sorted((home.folder / "Pictures").rglob("*.jpg"))
    assert len(pictures) == 1
    with Image.open(pictures[0]) as picture:
        assert picture.size == (160, 96)
        assert "Murai" in picture.getexif()[0x0131]
    status, out, _ = home.murai("outbox", "list", "--json")
    posts = json.loads(out)
    assert status == 0
    assert [(post["state"], post["attempts"], post["picture"]) for post in posts] == [("ready", 0, str(pictures[0]))]

    with av.open(str(home.folder / "film.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 320, 180)
        shades = [frame.to_ndarray(format="gray").std() for frame in film.decode(stream)]
    assert len(shades) > 10
    assert max(shades) > 5.0  # pictures, not one colour


def test_frames_ends_after_so_many_pictures(home: Home, pack: str) -> None:
    assert home.show(*OFFSCREEN, *SCENE, "--pack", pack, "--frames", "5")["frames"]["shown"] == 5


def test_a_film_that_ends_ends_the_show(home: Home, pack: str) -> None:
    home.show(*OFFSCREEN, *SCENE, "--pack", pack, "--seconds", "1", "--record", "film.mp4")
    summary = home.show(*OFFSCREEN, "--pack", pack, "--source", "file:film.mp4?loop=0")
    assert summary["source"] == "film.mp4"
    assert 0 < summary["frames"]["captured"] <= 40


FILES = [
    ("--record film.mp4", "--record film.mp4 would replace the source"),
    ("--stats link.mp4", "--stats link.mp4 would replace the source"),
    ("--record new.mp4 --stats ./new.mp4", "--record and --stats are both new.mp4"),
]


@pytest.mark.parametrize(("words", "told"), FILES)
def test_no_file_to_write_takes_the_place_of_another(home: Home, words: str, told: str) -> None:
    (home.folder / "film.mp4").write_text("hours of work")
    (home.folder / "link.mp4").symlink_to("film.mp4")
    status, out, err = home.murai("run", "--source", "file:film.mp4?loop=0", *words.split())
    assert (status, out) == (1, "") and err.startswith(f"murai: {told}")
    assert (home.folder / "film.mp4").read_text() == "hours of work"
    assert not (home.folder / "new.mp4").exists()


def test_sigterm_ends_the_show_and_keeps_the_picture_that_waits(home: Home, pack: str) -> None:
    stats = home.folder / "stats.jsonl"
    arguments = ("--press", "0:Space", "--stats", str(stats), "--config", str(home.folder / "kiosk.toml"))
    (home.folder / "kiosk.toml").write_text("[snapshot]\ncountdown_s = 0\n")
    with home.start("run", *OFFSCREEN, *SCENE, "--pack", pack, *arguments) as process:
        wait_for_figures(stats, process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30.0)
    assert (process.returncode, err) == (0, "")
    assert "pictures shown" in out
    assert "summary" in json.loads(stats.read_text().splitlines()[-1])
    assert len(list((home.folder / "Pictures").rglob("*.jpg"))) == 1


def test_a_second_kiosk_is_refused(home: Home, pack: str) -> None:
    arguments = ("run", *OFFSCREEN, *SCENE, "--pack", pack, "--stats", "stats.jsonl")
    with home.start(*arguments) as first:
        wait_for_figures(home.folder / "stats.jsonl", first)
        status, out, err = home.murai("run", *OFFSCREEN, *SCENE, "--pack", pack)
        first.terminate()
        first.communicate(timeout=30.0)
    assert (status, out) == (1, "")
    assert err == (
        f"murai: a kiosk already runs on this machine (process {first.pid}): quit it first, with Ctrl+Q on its screen\n"
    )


def test_two_shows_do_not_share_an_outbox_even_in_different_sessions(home: Home, pack: str) -> None:
    with home.start("run", *OFFSCREEN, *SCENE, "--pack", pack, "--stats", "stats.jsonl") as first:
        wait_for_figures(home.folder / "stats.jsonl", first)
        elsewhere = home.folder / "elsewhere"
        elsewhere.mkdir(mode=0o700)
        arguments = ("run", *OFFSCREEN, *SCENE, "--pack", pack, "--frames", "1")
        status, _, err = home.murai(*arguments, XDG_RUNTIME_DIR=str(elsewhere))
        first.terminate()
        first.communicate(timeout=30.0)
    assert status == 1
    assert f"a kiosk already runs on this machine (process {first.pid})" in err


def test_styles_and_config_are_loaded_again_while_it_runs(home: Home, tmp_path: Path) -> None:
    config = home.folder / "kiosk.toml"
    config.write_text(f'[stylizer]\npack = "{write_tiny_pack(tmp_path / "first")}"\n')
    stats = home.folder / "stats.jsonl"
    arguments = ("--config", str(config), "--press", "1.5:Ctrl+R", "--seconds", "8", "--stats", str(stats), "--json")
    with home.start("run", *OFFSCREEN, *SCENE, *arguments) as process:
        wait_for_figures(stats, process)
        config.write_text(f'[stylizer]\npack = "{write_tiny_pack(tmp_path / "second", styles=1)}"\n')
        out, err = process.communicate(timeout=60.0)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["summary"]["pack"] == "second"


BAD = [
    (("--source", "nowhere.mp4"), "there is no file nowhere.mp4"),
    (("--source", "text.mp4"), "text.mp4 can't be read as video"),
    (("--source", "headless.mp4"), "headless.mp4 can't be read as video"),
    (("--source", "gopher://x"), "unknown scheme 'gopher:'"),
    (("--source", "/dev/video77"), "there is no camera at /dev/video77"),
    (("--style", "mona_lisa"), "pack 'tiny' has no style 'mona_lisa': it has style-1, style-2, style-3"),
    (("--pack", "nowhere"), "there is no style pack 'nowhere'"),
    (("--pack", "wrong_hash"), "has SHA-256"),
    (("--pack", "wrong_shape"), "tensor '"),
    (("--config", "broken.toml"), "broken.toml is no valid TOML"),
    (("--config", "unknown.toml"), "there is no entry 'display.colour'"),
    (("--config", "readonly.toml"), "can't"),
    (("--size", "huge"), "'huge' is no size"),
    (("--press", "Space"), "--press: 'Space' can't be used"),
    (("--record", "/proc/film.mp4"), "can't write the recording /proc/film.mp4"),
    (("--record", "film.avi"), "--record film.avi: it is written as .mp4"),
    (("--stats", "/proc/stats"), "can't write --stats /proc/stats"),
    (("--device", "cuda"), "device cuda can't be used"),
    (("--display", "window"), "no screen"),
]


@pytest.mark.parametrize(("arguments", "told"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_gets_one_line(home: Home, pack: str, arguments: tuple[str, ...], told: str) -> None:
    _make_bad_files(home, pack)
    usual = dict(
        zip((*OFFSCREEN, *SCENE, "--pack", pack)[::2], (*OFFSCREEN, *SCENE, "--pack", pack)[1::2], strict=True)
    )
    usual |= dict([arguments])
    status, out, err = home.murai("run", "--seconds", "1", *(part for option in usual.items() for part in option))
    assert (status, out) == (1, "")
    assert err.startswith("murai: ")
    assert told in err
    assert err.count("\n") == 1
    assert ": " in err.removeprefix("murai: ")  # a remedy follows


def _make_bad_files(home: Home, pack: str) -> None:
    folder = home.folder
    (folder / "text.mp4").write_text("no film\n" * 100)
    (folder / "headless.mp4").write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\1\0mdat" + bytes(240))
    (folder / "broken.toml").write_text("[display\n")
    (folder / "unknown.toml").write_text('[display]\ncolour = "red"\n')
    (folder / "readonly.toml").write_text('[snapshot]\nfolder = "/proc/pictures"\n')
    wrong_hash = write_tiny_pack(folder / "wrong_hash")
    with (wrong_hash / "weights.safetensors").open("ab") as weights:
        weights.write(b" ")
    facts = write_tiny_pack(folder / "wrong_shape") / "pack.toml"
    facts.write_text(facts.read_text().replace("blocks = 1", "blocks = 2"))
