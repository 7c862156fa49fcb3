"""`murai paint --resume` skips what is painted already, and paints again what was painted otherwise."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from murai.apps import painting_film, painting_film_result
from murai.apps.painting import paint_files
from murai.apps.painting_options import PaintingOptions
from murai.apps.settings_files import repeated_settings
from murai.errors import PaintingError
from tests.apps.painting_runs import draw_files, options_in, write
from tests.apps.stylizing_runs import film
from tests.painting.drawn import noise


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With `photos`: two pictures and a film."""
    for number, name in enumerate(("a.png", "b.png")):
        write(tmp_path / "photos" / name, noise(24 + number, 32))
    film(tmp_path / "photos" / "c.mp4", 2, sound=None, size_px=(48, 32))
    return draw_files(tmp_path)


@pytest.fixture(autouse=True)
def no_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take longer than the paintings."""
    monkeypatch.setattr("murai.apps.painting_run.draw_curves", lambda *_: None)
    monkeypatch.setattr(painting_film_result, "draw_curves", lambda *_: None)


def of_folder(folder: Path, **more: Any) -> PaintingOptions:
    return options_in(folder, **{"content": folder / "photos", "output": folder / "out"} | more)


def resumed(options: PaintingOptions) -> str:
    """What is said."""
    said = io.StringIO()
    paint_files(options, Console(file=said, width=500), resume=True)
    return said.getvalue()


def touched(folder: Path) -> dict[str, int]:
    """When each result was written."""
    results = (file for file in (folder / "out").iterdir() if file.suffix in (".png", ".mp4"))
    return {file.name: file.stat().st_mtime_ns for file in results}


def test_what_is_finished_stays_and_what_is_missing_is_painted(folder: Path) -> None:
    paint_files(of_folder(folder), Console(quiet=True))
    before = touched(folder)
    assert before.keys() == {"a.png", "b.png", "c.mp4"}
    assert resumed(of_folder(folder)) == "3 of 3 painted already\n"
    assert touched(folder) == before
    (folder / "out" / "b.png").unlink()
    said = resumed(of_folder(folder, machine={"tile_px": 96}, save_every=50))  # neither changes what is painted
    assert said.startswith("2 of 3 painted already\n") and "b.png: 32x25 px" in said
    assert {name for name, at_ns in touched(folder).items() if before[name] != at_ns} == {"b.png"}


def test_what_was_painted_otherwise_is_painted_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    paint_files(of_folder(folder), Console(quiet=True))
    before = touched(folder)
    write(folder / "photos" / "a.png", noise(24, 40))
    (folder / "out" / "b.png.json").write_text("{}")
    with caplog.at_level(logging.WARNING):
        assert resumed(of_folder(folder)).startswith("1 of 3 painted already\n")
    assert (
        f"a.png was painted with other settings or files (sha256.{folder / 'photos' / 'a.png'}), and is painted again"
        in caplog.text
    )
    assert "b.png is painted again: " in caplog.text
    after = touched(folder)
    assert {name for name in before if before[name] != after[name]} == {"a.png", "b.png"}
    assert "already" not in resumed(of_folder(folder, steps={"steps": 2}))
    assert "(steps.steps)" in caplog.messages[-1]


def test_a_single_picture_is_skipped_too(folder: Path) -> None:
    options = options_in(folder)
    assert "already" not in resumed(options)
    assert resumed(options) == "1 of 1 painted already\n"


def test_frames_that_other_settings_have_begun_to_replace_are_not_painted_already(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def frames(steps: int) -> PaintingOptions:
        content, output = folder / "photos" / "c.mp4", folder / "frames"
        return options_in(folder, content=content, output=output, steps={"steps": steps})

    paint_files(frames(3), Console(quiet=True))
    with monkeypatch.context() as patched, pytest.raises(PaintingError, match="stopped"):
        patched.setattr(painting_film, "finish_film", stop)
        paint_files(frames(2), Console(quiet=True))
    with pytest.raises(PaintingError, match=r"painted with other settings \(steps\.steps\)"):
        resumed(frames(3))
    assert "already" not in resumed(frames(2))
    assert resumed(frames(2)) == "1 of 1 painted already\n"


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_folder_is_repeated_and_its_changes_are_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    paint_files(of_folder(folder), Console(quiet=True))
    (folder / "photos" / "c.mp4").unlink()
    write(folder / "photos" / "d.png", noise(24, 32))
    with caplog.at_level(logging.WARNING):
        again = PaintingOptions.model_validate(repeated_settings(folder / "out" / "paint.json", "paint"))
    assert caplog.messages == [f"{folder / 'photos'} holds other files than it did: the results may be others"]
    assert resumed(again).startswith("2 of 3 painted already\n")
    assert (folder / "out" / "d.png").is_file()
