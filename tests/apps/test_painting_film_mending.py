"""A stopped film goes on even where what it left is damaged or gone, and with the flow finder that it began with."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from rich.console import Console

from murai.apps import painting_film, painting_film_result
from murai.apps.painting import paint_files
from murai.apps.painting_film_work import FilmWork
from murai.apps.painting_options import PaintingOptions
from murai.errors import PaintingError
from murai.imaging.flow import DisFlow, FinderName, FlowFinder
from tests.apps.painting_runs import draw_files, options_in
from tests.apps.stylizing_runs import Pixels, pixels
from tests.sources.clips import Recipe, write_clip

_WHOLE = Recipe(options={"preset": "ultrafast", "crf": "1"})
FRAMES = 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    coarse = np.random.default_rng(1).integers(60, 200, (16, 24, 3), np.uint8)
    wall = coarse.repeat(4, 0).repeat(4, 1)
    write_clip(tmp_path / "in.mp4", [np.roll(wall, 4 * number, 1) for number in range(FRAMES)], _WHOLE)
    return draw_files(tmp_path)


def on_film(folder: Path, output: str, **film: Any) -> PaintingOptions:
    """Frames as PNG into a folder."""
    return options_in(folder, content=folder / "in.mp4", output=folder / output, steps={"steps": 4}, film=film)


def paint(options: PaintingOptions) -> list[Pixels]:
    """Paints without the curves, which take longer, and gives the frames."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(painting_film_result, "draw_curves", lambda *_: None)
        paint_files(options, Console(quiet=True))
    return [pixels(file) for file in sorted(options.output.glob("frame-*.png"))]


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[PaintingOptions, int], FilmWork]]:
    """Paints and breaks the work off when so many frames are painted, in all passes. Gives what was left."""

    def stop(options: PaintingOptions, after: int) -> FilmWork:
        plain = painting_film.FilmProgress.update

        def update(progress: Any, now: Any, later: Any, moment: Any) -> None:
            if progress._done == after:
                raise KeyboardInterrupt
            plain(progress, now, later, moment)

        with monkeypatch.context() as patched, pytest.raises(PaintingError, match="stopped"):
            patched.setattr(painting_film.FilmProgress, "update", update)
            paint(options)
        return FilmWork(options.output.with_name(f"{options.output.name}.work"))

    yield stop


def tear(file: Path) -> None:
    """As a power cut or a bad disk leaves it: a part is other than it was."""
    found = bytearray(file.read_bytes())
    found[len(found) // 2] ^= 0xFF
    file.write_bytes(found)


def test_damaged_contents_are_read_again(
    folder: Path, stopped: Callable[[PaintingOptions, int], FilmWork], caplog: pytest.LogCaptureFixture
) -> None:
    whole = paint(on_film(folder, "whole"))
    work = stopped(on_film(folder, "out"), 2)
    tear(work.content(3))
    assert np.array_equal(paint(on_film(folder, "out")), whole)
    assert f"{work.content(3)} is damaged or gone: the film is read again" in caplog.text


@pytest.mark.parametrize("damage", [tear, Path.unlink])
def test_from_a_damaged_frame_on_all_is_painted_again(
    folder: Path,
    stopped: Callable[[PaintingOptions, int], FilmWork],
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[Path], None],
) -> None:
    whole = paint(on_film(folder, "whole"))
    stopped(on_film(folder, "out"), 4)
    frame = folder / "out" / "frame-000003.png"
    damage(frame)
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(paint(on_film(folder, "out")), whole)
    assert f"{frame} is damaged or gone: the film is painted again from frame 3 on" in caplog.text


def test_finished_frames_stand_in_for_what_was_removed(
    folder: Path, stopped: Callable[[PaintingOptions, int], FilmWork]
) -> None:
    """With one frame to look back to, the one that frame 3 is held to is gone when frame 5 is painted."""
    whole = paint(on_film(folder, "whole", look_back=[1]))
    work = stopped(on_film(folder, "out", look_back=[1]), 4)
    assert not work.has_painted(1, 1)
    tear(folder / "out" / "frame-000003.png")
    found = paint(on_film(folder, "out", look_back=[1]))
    assert np.array_equal(found[:2], whole[:2])
    assert np.abs(np.asarray(found, float) - whole).mean() < 1.0, "rounding alone"


def test_torn_numbers_of_a_painting_are_taken_from_its_frame(
    folder: Path, stopped: Callable[[PaintingOptions, int], FilmWork]
) -> None:
    whole = paint(on_film(folder, "whole"))
    work = stopped(on_film(folder, "out"), 3)
    file = work.painted(1, 2)
    file.write_bytes(file.read_bytes()[:-100])
    assert np.abs(np.asarray(paint(on_film(folder, "out")), float) - whole).mean() < 1.0


@pytest.mark.parametrize(
    ("passes", "after", "lost", "goes_on"),
    [
        (2, 7, "pass-1/000002", "from frame 2 of pass 1 on"),
        (3, 8, "pass-2/000004", "from frame 3 of pass 1 on"),  # frame 3 of the first pass was used up
    ],
)
def test_of_several_passes_the_work_goes_back_as_far_as_it_must(
    folder: Path,
    stopped: Callable[[PaintingOptions, int], FilmWork],
    caplog: pytest.LogCaptureFixture,
    passes: int,
    after: int,
    lost: str,
    goes_on: str,
) -> None:
    whole = paint(on_film(folder, "whole", passes=passes))
    work = stopped(on_film(folder, "out", passes=passes), after)
    (work.folder / f"{lost}.safetensors").unlink()
    assert np.array_equal(paint(on_film(folder, "out", passes=passes)), whole)
    assert goes_on in caplog.messages[-1]


def test_the_flow_finder_stays_the_one_that_the_film_began_with(
    folder: Path, stopped: Callable[[PaintingOptions, int], FilmWork], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Begun on a machine where auto is RAFT, and taken up where it is DIS."""
    opened = []

    class Far(DisFlow):
        name: FinderName = "raft"

    def open_flow(which: Literal["auto"] | FinderName, device: torch.device | str) -> FlowFinder:
        opened.append(which)
        return Far() if which == "raft" or (which == "auto" and len(opened) == 1) else DisFlow()

    monkeypatch.setattr(painting_film, "open_flow", open_flow)
    work = stopped(on_film(folder, "out"), 2)
    state = work.state()
    assert state is not None and state.flow == "raft"
    paint(on_film(folder, "out"))
    assert opened == ["auto", "raft", "raft"]
