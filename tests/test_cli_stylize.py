"""The options of `murai stylize` become what is painted by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from murai.apps import stylizing
from murai.apps.stylizing import Report
from murai.apps.stylizing_options import Shard, StylizeOptions, settings_of
from murai.cli import app
from murai.errors import ConfigError, RenderError
from murai.stylize.pack import read_pack
from tests.fakes.packs import write_tiny_pack


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[StylizeOptions]:
    """What `stylize` was told."""
    found: list[StylizeOptions] = []

    def keep(options: StylizeOptions, console: Any) -> Report:
        found.append(options)
        return Report(painted=1)

    monkeypatch.setattr(stylizing, "stylize", keep)
    return found


def run(*words: str) -> str:
    result = CliRunner().invoke(app, ["stylize", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


SAID = (
    "in.mp4 -o out.mp4 --pack p --mix 0:a,3:b --own-colours lab --strength 0.5 --mask m.png --outside a:2 --outside b "
    "--crop 1,2,30,40 --size 64x48 --png --crf 20 --seconds 9 --resume --shard 2/3 --lead-in 4 --batch 3 --device cpu"
)
MEANT = StylizeOptions(
    input="in.mp4",
    output=Path("out.mp4"),
    pack="p",
    mix="0:a,3:b",
    own_colours="lab",
    strength=0.5,
    mask=Path("m.png"),
    outside=("a:2", "b"),
    crop=(1, 2, 30, 40),
    size=(64, 48),
    png=True,
    crf=20,
    seconds=9.0,
    resume=True,
    shard=Shard(number=2, of=3),
    lead_in_s=4.0,
    batch=3,
    device="cpu",
)


def test_little_said_is_the_usual(told: list[StylizeOptions]) -> None:
    run("a.png", "-o", "b.png")
    run("a.png", "-o", "b.png", "--style", "x", "--style", "y:2")
    run("a.mp4", "-o", "b.mp4", "--join", "3")
    usual = StylizeOptions(input="a.png", output=Path("b.png"))
    joined = StylizeOptions(input="a.mp4", output=Path("b.mp4"), join=3)
    assert told == [usual, usual.model_copy(update={"styles": ("x", "y:2")}), joined]


def test_all_that_is_said_arrives(told: list[StylizeOptions]) -> None:
    run(*SAID.split())
    assert told == [MEANT]


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Of a film that was painted as `MEANT`."""
    pack = read_pack(write_tiny_pack(tmp_path / "tiny"))
    file = tmp_path / "out.json"
    file.write_text(json.dumps(settings_of(MEANT, pack)))
    return file


def test_settings_are_repeated_and_options_win(told: list[StylizeOptions], settings: Path) -> None:
    run("--from", str(settings))
    run("other.mp4", "--from", str(settings), "--strength", "1.0", "--device", "auto")
    paths = {"output": Path("out.mp4").absolute(), "mask": Path("m.png").absolute()}
    again = MEANT.model_copy(update={**paths, "resume": False})
    assert told[0] == again
    assert told[1] == again.model_copy(update={"input": "other.mp4", "strength": 1.0, "device": "auto"})


def test_what_is_given_takes_the_place_of_what_says_the_same(told: list[StylizeOptions], settings: Path) -> None:
    run("--from", str(settings), "--style", "x")
    run("--from", str(settings), "--join", "3")
    assert [(each.styles, each.mix) for each in told] == [(("x",), ""), ((), MEANT.mix)]
    assert [(each.shard, each.join) for each in told] == [(MEANT.shard, None), (None, 3)]


def test_passwords_are_not_kept(tmp_path: Path) -> None:
    pack = read_pack(write_tiny_pack(tmp_path / "tiny"))
    options = StylizeOptions(input="rtsp://me:secret@host/path", output=Path("o.mp4"))
    assert settings_of(options, pack)["settings"]["input"] == "rtsp://host/path"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--shard 3/2", "--shard 3/2 is no part"),
        ("--shard 0/2", "--shard 0/2 is no part"),
        ("--crop 1,2,3", "--crop 1,2,3 is no part"),
        ("--size large", "large"),
        ("--shard 1/2 --join 2", "--shard paints pieces"),
        ("--from none.json", "can't read none.json"),
    ],
)
def test_what_cannot_be_meant_is_told(words: str, said: str, told: list[StylizeOptions]) -> None:
    with pytest.raises(ConfigError, match=said):
        run("a.png", "-o", "b.png", *words.split())
    assert not told


def test_without_input_it_is_wrong_usage(told: list[StylizeOptions]) -> None:
    assert CliRunner().invoke(app, ["stylize", "-o", "b.png"]).exit_code == 2
    assert CliRunner().invoke(app, ["stylize", "a.png"]).exit_code == 2


def test_what_failed_is_named_and_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report(painted=3, skipped=1, failed={"deep/a.png": "it is torn"}, took_s=1.5)
    monkeypatch.setattr(stylizing, "stylize", lambda options, console: report)
    result = CliRunner().invoke(app, ["stylize", "a", "-o", "b", "--json"])
    assert isinstance(result.exception, RenderError)
    assert "1 of 5 files failed" in str(result.exception)
    assert "deep/a.png: it is torn" in result.stderr
    assert json.loads(result.stdout) == {
        "painted": 3,
        "frames": 0,
        "skipped": 1,
        "failed": {"deep/a.png": "it is torn"},
        "took_s": 1.5,
    }
