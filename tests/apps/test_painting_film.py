"""`murai paint` over films: what is written, what is held, and what a stop leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from rich.console import Console

from murai.apps import painting_film, painting_film_result
from murai.apps.painting import paint_files
from murai.apps.painting_film_work import FilmWork, open_work
from murai.apps.painting_options import PaintingOptions
from murai.apps.settings_files import settings_file
from murai.errors import ConfigError, MuraiError, PaintingError
from tests.apps.painting_runs import draw_files, options_in, write
from tests.apps.stylizing_runs import film, pixels, watch
from tests.painting.drawn import noise
from tests.sources.clips import Recipe, write_clip

Pixels = npt.NDArray[np.uint8]
_WHOLE = Recipe(options={"preset": "ultrafast", "crf": "1"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_files(tmp_path)


def wall(seed: int, size_px: tuple[int, int] = (96, 64)) -> Pixels:
    """A texture that can be followed."""
    width, height = size_px
    coarse = np.random.default_rng(seed).integers(60, 200, (height // 4, width // 4, 3), np.uint8)
    return coarse.repeat(4, 0).repeat(4, 1)


def passing(frames: int, step_px: int = 8) -> list[Pixels]:
    """A bright square goes over a wall, and on out of the picture."""
    pictures = []
    for number in range(frames):
        picture = wall(1)
        left = 4 + number * step_px
        picture[20:44, left : left + 24] = (250, 240, 40)
        pictures.append(picture)
    return pictures


def on_film(folder: Path, content: Path, output: str = "out.mp4", **more: Any) -> PaintingOptions:
    tables = {"content": content, "output": folder / output, "steps": {"steps": 4}, **more}
    return options_in(folder, **tables)


def paint(options: PaintingOptions, *, curves: bool = False) -> dict[str, Any]:
    """Paints, and gives what the settings say of the result. curves: takes longer than the painting."""
    with pytest.MonkeyPatch.context() as patched:
        if not curves:
            patched.setattr(painting_film_result, "draw_curves", lambda *_: None)
        paint_files(options, Console(quiet=True))
    result: dict[str, Any] = json.loads(settings_file(options.output, "paint").read_text())["result"]
    return result


def frames_in(folder: Path) -> list[Pixels]:
    return [pixels(file) for file in sorted(folder.glob("frame-*.png"))]


def bytes_in(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.glob("frame-*.png"))]


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_times_and_sound_are_those_of_the_film(folder: Path, ending: str) -> None:
    source = film(folder / f"in{ending}", 4, every=[512, 700, 300, 512])
    result = paint(on_film(folder, source, f"out{ending}"), curves=True)
    before, after = watch(source), watch(folder / f"out{ending}")
    assert result["frames"] == len(after.frames) == 4
    assert after.times_s == pytest.approx(before.times_s, abs=1e-3 if ending == ".mkv" else 0.0)
    assert [data for _, data in after.sound] == [data for _, data in before.sound]
    assert result["size"] == [96, 64] and after.frames[0].shape == (64, 96, 3)
    out = f"out{ending}"
    left = {f"in{ending}", "night.png", "wave.png", "photo.png", out, f"{out}.json", f"{out}.losses.png"}
    assert {file.name for file in folder.iterdir()} == left


def test_frames_are_kept_where_that_is_asked(folder: Path) -> None:
    source = film(folder / "in.mp4", 3, sound=None)
    paint(on_film(folder, source, film={"frames": folder / "kept", "crf": 1}, save_every=2))
    kept = frames_in(folder / "kept")
    assert len(kept) == 3 and (folder / "out.mp4.000002.png").exists() and not (folder / "out.mp4.000003.png").exists()
    for frame, shown in zip(kept, watch(folder / "out.mp4").frames, strict=True):
        assert np.abs(frame.astype(float) - shown).mean() < 12.0, "4:2:0 takes some colour"
    paint(on_film(folder, source, "folder"))
    assert [pixels.tolist() for pixels in frames_in(folder / "folder")] == [pixels.tolist() for pixels in kept]


def test_a_part_of_the_film_at_another_size(folder: Path) -> None:
    source = film(folder / "in.mp4", 6, sound=None)
    result = paint(on_film(folder, source, steps={"steps": 4, "size_px": 75}, film={"seconds": 0.1}))
    assert result["frames"] == 3 and result["size"] == [74, 50]


def test_a_film_is_steadier_than_its_frames_alone(folder: Path) -> None:
    pictures = [np.roll(wall(2), 3 * number, 1) for number in range(4)]
    noisy = np.random.default_rng(1)
    source = write_clip(
        folder / "in.mp4",
        [np.clip(each + noisy.normal(0.0, 6.0, each.shape), 0, 255).astype(np.uint8) for each in pictures],
        _WHOLE,
    )
    held = paint(on_film(folder, source, steps={"steps": 30}))
    alone = paint(on_film(folder, source, steps={"steps": 30, "start": "content"}, film={"temporal_weight": 0.0}))
    assert held["warping_error"] < 0.5 * alone["warping_error"]
    assert held["scenes"] == alone["scenes"] == [1]


def test_what_was_hidden_comes_back_as_it_was_by_the_long_term_loss(folder: Path) -> None:
    """Held to the frame before alone, what comes back is painted anew."""
    source = write_clip(folder / "in.mp4", passing(8), _WHOLE)
    changed = {}
    for name, back in (("short", [1]), ("long", [1, 2, 3, 4, 5, 6])):
        film_options = {"look_back": back, "next_steps": 4}
        paint(on_film(folder, source, name, steps={"steps": 40}, film=film_options, look={"style_weight": 100.0}))
        painted = [frame.astype(float) for frame in frames_in(folder / name)]
        # Columns that the square has yet to reach in the first frame, and has left in the last.
        changed[name] = np.abs(painted[-1] - painted[0])[22:42, 32:56].mean()
    assert changed["long"] < 0.5 * changed["short"]


def test_a_new_scene_is_begun_anew(folder: Path) -> None:
    one, other = wall(3), wall(4)
    source = write_clip(folder / "in.mp4", [one, one, other, other], _WHOLE)
    result = paint(on_film(folder, source, film={"frames": folder / "cut"}))
    assert result["scenes"] == [1, 3]
    alone = write_clip(folder / "other.mp4", [other, other], _WHOLE)
    paint(on_film(folder, alone, "alone.mp4", film={"frames": folder / "alone"}))
    assert np.abs(frames_in(folder / "cut")[2].astype(float) - frames_in(folder / "alone")[0]).mean() < 3.0


def test_frames_after_the_first_take_fewer_steps(folder: Path) -> None:
    source = film(folder / "in.mp4", 3, sound=None)
    steps = {"steps": 10, "size_px": 96, "smallest_px": 64}
    assert _steps(on_film(folder, source, steps=steps | {"steps": 40})) == [40 + 28, 8, 8]
    assert _steps(on_film(folder, source, steps=steps)) == [10 + 7, 6, 6], "with fewer, new things would stay bare"
    assert _steps(on_film(folder, source, steps={"steps": 2})) == [2, 2, 2]
    assert _steps(on_film(folder, source, steps=steps, film={"next_steps": 6, "next_sizes": 2})) == [17, 10, 10]
    assert _steps(on_film(folder, source, steps=steps | {"start": "noise"})) == [17, 17, 17]


def _steps(options: PaintingOptions) -> list[int]:
    """How many steps each frame took."""
    seen: list[int] = []
    plain = painting_film.FilmProgress.update

    def update(progress: Any, now: Any, later: Any, moment: Any) -> None:
        if moment.step == 1:
            seen.append(0)
        seen[-1] += 1
        plain(progress, now, later, moment)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(painting_film.FilmProgress, "update", update)
        paint(options)
    return seen


def test_each_start_is_another_film(folder: Path) -> None:
    source = write_clip(folder / "in.mp4", [np.roll(wall(2), 4 * number, 1) for number in range(2)], _WHOLE)
    second = []
    for start in ("warped", "last", "content", "style", "noise"):
        paint(on_film(folder, source, start, steps={"steps": 4, "start": start}))
        second.append(frames_in(folder / start)[1].tolist())
    assert all(one not in second[number + 1 :] for number, one in enumerate(second))


class _Stopped(Exception):
    pass


@pytest.fixture
def stopping(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, BaseException], None]]:
    """Breaks the work off in the midst of the frame of that number, from 0, with this fault."""
    plain = painting_film.FilmProgress.update
    left: list[Any] = [None, None]

    def update(progress: Any, now: Any, later: Any, moment: Any) -> None:
        if left[0] == progress._done:
            left[0] = None
            raise left[1]
        plain(progress, now, later, moment)

    monkeypatch.setattr(painting_film.FilmProgress, "update", update)
    yield lambda frame, fault: left.__setitem__(slice(None), [frame, fault])


@pytest.mark.parametrize("passes", [1, 3])
def test_a_stopped_film_goes_on_to_the_same_end(
    folder: Path, stopping: Callable[[int, BaseException], None], passes: int
) -> None:
    source = write_clip(folder / "in.mp4", passing(4), _WHOLE)
    settings = {"passes": passes, "look_back": [1, 2]}
    paint(on_film(folder, source, "whole.mp4", film=settings | {"frames": folder / "whole"}))
    options = on_film(folder, source, film=settings | {"frames": folder / "kept"})
    for frame in range(4 * passes)[:: 2 * passes - 1]:
        stopping(frame, _Stopped())
        with pytest.raises(_Stopped):
            paint(options)
    paint(options)
    assert bytes_in(folder / "kept") == bytes_in(folder / "whole") and len(bytes_in(folder / "kept")) == 4
    assert (folder / "out.mp4").read_bytes() == (folder / "whole.mp4").read_bytes()
    assert not (folder / "out.mp4.work").exists()


def test_more_passes_are_another_film(folder: Path) -> None:
    source = write_clip(folder / "in.mp4", passing(3), _WHOLE)
    paint(on_film(folder, source, "one"))
    paint(on_film(folder, source, "two", film={"passes": 2}))
    assert all(one != two for one, two in zip(bytes_in(folder / "one"), bytes_in(folder / "two"), strict=True))


def test_a_killed_process_loses_a_frame_at_most(folder: Path) -> None:
    source = write_clip(folder / "in.mp4", passing(5), _WHOLE)
    whole = on_film(folder, source, "whole.mp4", steps={"steps": 12}, film={"frames": folder / "whole"})
    paint(whole)
    settings = whole.model_copy(update={"output": folder / "out.mp4", "film": whole.film.model_copy(
        update={"frames": folder / "kept"})})  # fmt: skip
    (folder / "settings.json").write_text(settings.model_dump_json())
    code = (
        "import sys; from pathlib import Path; from rich.console import Console;"
        "from murai.apps.painting import paint_files; from murai.apps.painting_options import PaintingOptions;"
        "paint_files(PaintingOptions.model_validate_json(Path(sys.argv[1]).read_text()), Console())"
    )
    command = [sys.executable, "-c", code, str(folder / "settings.json")]
    painter = subprocess.Popen(command)
    work = FilmWork(folder / "out.mp4.work")
    until_s = time.monotonic() + 120.0
    while (state := work.state()) is None or len(state.reports) < 2:
        assert painter.poll() is None and time.monotonic() < until_s
        time.sleep(0.01)
    os.kill(painter.pid, signal.SIGKILL)
    assert painter.wait() == -signal.SIGKILL
    assert not (folder / "out.mp4").exists()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "out.mp4: goes on after" in said and "of 5 frames" in said
    assert bytes_in(folder / "kept") == bytes_in(folder / "whole")
    assert (folder / "out.mp4").read_bytes() == (folder / "whole.mp4").read_bytes()


def test_ctrl_c_is_told_and_loses_nothing(
    folder: Path, stopping: Callable[[int, BaseException], None], caplog: pytest.LogCaptureFixture
) -> None:
    options = on_film(folder, film(folder / "in.mp4", 3, sound=None))
    stopping(2, KeyboardInterrupt())
    with pytest.raises(PaintingError, match=r"out\.mp4 was stopped: the same command goes on with it"):
        paint(options)
    assert "2 of 3 frames are kept in" in caplog.text
    assert paint(options)["frames"] == 3


def test_a_film_begun_with_other_settings_is_not_mixed(
    folder: Path, stopping: Callable[[int, BaseException], None]
) -> None:
    source = film(folder / "in.mp4", 3, sound=None)
    stopping(1, KeyboardInterrupt())
    with pytest.raises(PaintingError):
        paint(on_film(folder, source))
    with pytest.raises(PaintingError, match=r"1 frames .*other settings \(look\.style_weight, steps\.steps\)"):
        paint(on_film(folder, source, steps={"steps": 5}, look={"style_weight": 3.0}))
    write(folder / "wave.png", noise(48, 48))
    with pytest.raises(PaintingError, match="sha256"):
        paint(on_film(folder, source))


def test_one_process_at_a_time(folder: Path) -> None:
    source = film(folder / "in.mp4", 2, sound=None)
    with open_work(folder / "out.mp4.work"), pytest.raises(PaintingError, match="painted already"):
        paint(on_film(folder, source))


def test_a_damaged_state_is_told(folder: Path) -> None:
    (folder / "out.mp4.work").mkdir()
    (folder / "out.mp4.work" / "state.json").write_text("{")
    with pytest.raises(PaintingError, match="remove its folder"):
        paint(on_film(folder, film(folder / "in.mp4", 2, sound=None)))


def test_outputs_that_cannot_be_are_told(folder: Path) -> None:
    source = film(folder / "in.mp4", 2, sound=None)
    with pytest.raises(ConfigError, match=r"out\.avi: films are written as \.mp4"):
        paint(on_film(folder, source, "out.avi"))
    with pytest.raises(ConfigError, match="one of the pictures to paint from"):
        paint(on_film(folder, source, "in.mp4"))
    with pytest.raises(ConfigError, match=r"--start warped: .*photo\.png has no frame before"):
        paint(options_in(folder, steps={"start": "warped"}))


def test_films_without_frames_are_told(folder: Path) -> None:
    (folder / "none.mp4").write_bytes(b"")
    with pytest.raises(MuraiError, match=r"none\.mp4 can't be read as a film"):
        paint(on_film(folder, folder / "none.mp4"))
    with pytest.raises(MuraiError, match=r"there is no file .*gone\.mp4"):
        paint(on_film(folder, folder / "gone.mp4"))


def test_no_room_is_told_before_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = film(folder / "in.mp4", 2, sound=None)
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 5_000_000})())
    with pytest.raises(PaintingError, match=r"takes 20 MB .* and 5 MB are free"):
        paint(on_film(folder, source))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_disk_that_fills_up_loses_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    options = on_film(folder, film(folder / "in.mp4", 3, sound=None), film={"frames": folder / "kept"})
    (folder / "kept").mkdir()
    (folder / "kept" / "frame-000002.png.part").symlink_to("/dev/full")
    with pytest.raises(PaintingError, match=r"frame-000002\.png: No space left on device: make room there"):
        paint(options)
    assert "1 of 3 frames are kept in" in caplog.text
    assert paint(options)["frames"] == 3


def test_folders_have_films_beside_images(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = folder / "many"
    source.mkdir()
    film(source / "a.mp4", 2, sound=None)
    write(source / "b.png", noise(40, 56))
    (source / "c.mkv").write_bytes(b"nothing")
    with pytest.raises(PaintingError, match=r"1 of 3 .*c\.mkv"):
        paint_files(on_film(folder, source, "painted"), Console(quiet=True))
    assert len(watch(folder / "painted" / "a.mp4").frames) == 2
    assert pixels(folder / "painted" / "b.png").shape == (40, 56, 3)
    assert "c.mkv is left out" in caplog.text
    assert sorted(file.name for file in (folder / "painted").glob("*.work")) == []


def test_ctrl_c_ends_a_folder_too(folder: Path, stopping: Callable[[int, BaseException], None]) -> None:
    source = folder / "many"
    source.mkdir()
    film(source / "a.mp4", 2, sound=None)
    write(source / "b.png", noise(40, 56))
    stopping(1, KeyboardInterrupt())
    with pytest.raises(PaintingError, match=r"a\.mp4 was stopped"):
        paint_files(on_film(folder, source, "painted"), Console(quiet=True))
    assert not (folder / "painted" / "b.png").exists()


def test_a_mask_may_be_a_film(folder: Path) -> None:
    source = write_clip(folder / "in.mp4", [wall(2)] * 2, _WHOLE)
    left, right = (np.zeros((64, 96, 3), np.uint8) for _ in range(2))
    left[:, :48], right[:, 48:] = 255, 255
    still = write(folder / "left.png", torch.from_numpy(left[..., 0] / 255.0))
    moving = write_clip(folder / "mask.mp4", [left, right], _WHOLE)
    found = []
    for number, mask in enumerate((still, moving)):
        plain = on_film(folder, source, f"masked-{number}", steps={"steps": 4, "start": "content"})
        style = plain.styles[0].model_copy(update={"where": mask})
        paint(plain.model_copy(update={"styles": (style,)}))
        found.append(frames_in(folder / f"masked-{number}"))
    (first, second), (begun, moved) = found
    assert np.abs(first.astype(float) - begun).mean() < 0.05
    assert np.abs(second.astype(float) - moved).mean() > 0.2


def test_a_mask_that_is_black_for_a_while_leaves_the_content(folder: Path) -> None:
    source = write_clip(folder / "in.mp4", [wall(2)] * 2, _WHOLE)
    white, black = (np.full((64, 96, 3), value, np.uint8) for value in (255, 0))
    mask = write_clip(folder / "mask.mp4", [white, black], _WHOLE)
    plain = on_film(
        folder,
        source,
        "masked",
        steps={"steps": 4, "start": "content"},
        film={"temporal_weight": 0.0},
        look={"style_weight": 100.0, "variation_weight": 0.0},
    )
    paint(plain.model_copy(update={"styles": (plain.styles[0].model_copy(update={"where": mask}),)}))
    both = zip(frames_in(folder / "masked"), watch(source).frames, strict=True)
    painted, left = (np.abs(each.astype(float) - content).mean() for each, content in both)
    assert painted > 0.2 and left < 0.1 * painted
