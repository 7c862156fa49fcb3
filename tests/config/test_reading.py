"""What a config file may say, and what is said of one that can't be used: one line with entry, value and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from murai.config import Config, TwitterConfig, load_config, parse_size
from murai.errors import ConfigError
from murai.publish.snapshot import snapshot_folder


def written(folder: Path, text: str) -> Path:
    file = folder / "booth.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal_of(file: Path) -> str:
    with pytest.raises(ConfigError) as refusal:
        load_config(file)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_config(written(tmp_path, "")) == Config()


def test_entries_take_their_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/booth")
    config = load_config(
        written(
            tmp_path,
            '[display]\nsize = "640x360"\n[snapshot]\nfolder = "~/pictures"\ncountdown_s = 5\n'
            '[keys]\npicture = ["ctrl+p", "return"]\nmore = []\n',
        )
    )
    assert config.display.size == (640, 360)
    assert config.snapshot.folder == Path("/home/booth/pictures")
    assert config.snapshot.countdown_s == 5.0
    assert config.keys.picture == ("Ctrl+P", "Enter")
    assert config.keys.more == ()
    assert config.keys.less == ("Down",)


def test_an_empty_path_is_none_and_a_dot_is_where_the_program_was_started(tmp_path: Path) -> None:
    empty = '[snapshot]\nfolder = ""\n[outbox]\nfile = ""\n[twitter]\nkeys_file = ""\n'
    assert load_config(written(tmp_path, empty)) == Config()
    config = load_config(written(tmp_path, '[snapshot]\nfolder = "."\n'))
    assert config.snapshot.folder == Path(".")
    assert snapshot_folder(config.snapshot) == Path(".")
    assert snapshot_folder(Config().snapshot).name == "Murai"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[display]\nsise = '1x1'\n", ["there is no entry 'display.sise'", "known here:", "size"]),
        ("[displays]\n", ["there is no entry 'displays'", "known here:", "display"]),
        ("[display]\nsize = 'big'\n", ["display.size = 'big'", "WIDTHxHEIGHT"]),
        ("[display]\nsize = '8x8'\n", ["display.size = '8x8'", "16 to 16384 px a side"]),
        ("[display]\nmode = 'tv'\n", ["display.mode = 'tv'", "'window'"]),
        ("[display]\nfullscreen = 1\n", ["display.fullscreen = 1", "boolean"]),
        ("[stylizer]\nstrength = 1.5\n", ["stylizer.strength = 1.5", "less than or equal to 1"]),
        ("[snapshot]\nfolder = '~nobody-here/booth'\n", ["snapshot.folder = '~nobody-here/booth'", "user's home"]),
        ("[snapshot]\nquality = 92.5\n", ["snapshot.quality = 92.5", "integer"]),
        ("[twitter]\napi_url = 'banana'\n", ["twitter.api_url = 'banana'", "no web address", "https://host"]),
        ("[twitter]\nupload_url = 'ftp://host'\n", ["twitter.upload_url = 'ftp://host'", "https://host"]),
        ("[twitter]\napi_url = 'https:///2'\n", ["twitter.api_url = 'https:///2'", "https://host"]),
        ("[twitter]\napi_url = 'http://host:port'\n", ["twitter.api_url = 'http://host:port'", "https://host"]),
        ("[keys]\nquit = ['Alt+F4']\n", ["keys.quit", "there is no key named 'Alt+F4'"]),
        ("[keys]\nquit = 'Ctrl+Q'\n", ["keys.quit = 'Ctrl+Q'", "tuple"]),
        ("[display\n", ["no valid TOML", "line 1"]),
    ],
)
def test_wrong_entry_is_named_with_its_value_and_what_is_right(tmp_path: Path, text: str, parts: list[str]) -> None:
    file = written(tmp_path, text)
    said = refusal_of(file)
    for part in (str(file), *parts):
        assert part in said


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    assert "No such file" in refusal_of(tmp_path / "none.toml")
    assert str(tmp_path) in refusal_of(tmp_path)


def test_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes('[twitter]\ntext = "Gemälde"\n'.encode("latin-1"))
    assert "no valid TOML" in refusal_of(file)


def test_config_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Config().display.fullscreen = True  # type: ignore[misc]


@pytest.mark.parametrize("text", ["", "1280", "1280x", "x720", "-1280x720", "1280x720x3"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no size"):
        parse_size(text)


@pytest.mark.parametrize("text", ["1x1", "15x720", "1280x16385", "100000x100000"])
def test_a_size_out_of_bounds_is_told_the_bounds(text: str) -> None:
    with pytest.raises(ConfigError, match=f"'{text}' is out of bounds: choose 16 to 16384 px a side"):
        parse_size(text)


def test_a_gateway_beside_twitter_may_be_named() -> None:
    config = TwitterConfig(api_url="http://127.0.0.1:8080", upload_url="https://gateway.example/twitter")
    assert config.api_url == "http://127.0.0.1:8080"


def test_size_is_read_in_either_case() -> None:
    assert parse_size("1920X1080") == (1920, 1080)
