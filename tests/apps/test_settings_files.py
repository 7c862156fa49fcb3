"""Settings beside a result, as they are written, read and overlaid."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from murai.apps.settings_files import (
    folder_settings,
    kept_settings,
    overlaid,
    read_settings,
    repeated_settings,
    settings_file,
    write_settings,
)
from murai.errors import ConfigError


def keep(folder: Path, *files: Path) -> Path:
    file = folder / "out.json"
    file.write_text(json.dumps(kept_settings("paint", {"steps": {"seed": 3}}, files) | {"result": 5}))
    return file


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    file = keep(tmp_path)
    assert repeated_settings(file, "paint") == {"steps": {"seed": 3}}
    assert read_settings(file, "paint")["result"] == 5


def test_a_file_that_has_changed_since_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    image, gone = tmp_path / "wave.png", tmp_path / "gone.png"
    image.write_bytes(b"a wave")
    gone.write_bytes(b"a night")
    file = keep(tmp_path, image, gone)
    gone.unlink()
    with caplog.at_level(logging.WARNING):
        repeated_settings(file, "paint")
        assert not caplog.messages
        image.write_bytes(b"another wave")
        repeated_settings(file, "paint")
    assert caplog.messages == [f"{image} is another file than it was: the result will be another one"]


def test_a_folder_that_has_changed_since_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its output, which may lie in it, doesn't count, and neither does a device: that has no end to be read to."""
    photos, output = tmp_path / "photos", tmp_path / "photos" / "painted"
    output.mkdir(parents=True)
    (photos / "a.jpg").write_bytes(b"a")
    settings = folder_settings(output, "paint")
    write_settings(settings, kept_settings("paint", {"output": str(output)}, [photos, Path("/dev/zero")]))
    (output / "a.png").write_bytes(b"painted")
    repeated_settings(settings, "paint")
    assert not caplog.messages
    (photos / "b.jpg").write_bytes(b"b")
    repeated_settings(settings, "paint")
    assert caplog.messages == [f"{photos} holds other files than it did: the results may be others"]


def test_each_result_has_settings_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    results = [tmp_path / name for name in ("a.png", "a.mp4", "frames")]
    found = [settings_file(result, "paint").relative_to(tmp_path) for result in results]
    assert found == [Path("a.png.json"), Path("a.mp4.json"), Path("frames/paint.json")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "has no settings of murai paint"),
        ('{"command": "stylize", "settings": {}}', "has no settings of murai paint"),
        ('{"command": "paint", "settings": 5}', "has no settings of murai paint"),
    ],
)
def test_what_is_no_settings_is_told(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "some.json").write_text(content)
    with pytest.raises(ConfigError, match=said):
        read_settings(tmp_path / "some.json", "paint")
    with pytest.raises(ConfigError, match=r"can't read .*none\.json"):
        read_settings(tmp_path / "none.json", "paint")


def test_what_is_given_wins_entry_by_entry() -> None:
    kept = {"a": {"b": 1, "c": {"d": 2}}, "e": [1, 2]}
    assert overlaid(kept, {"a": {"c": {"d": 3}}, "e": [4], "f": 5}) == {"a": {"b": 1, "c": {"d": 3}}, "e": [4], "f": 5}
    assert kept == {"a": {"b": 1, "c": {"d": 2}}, "e": [1, 2]}
