"""Real H.264, written by the recorder and decoded again."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from murai.core.frame import Painted
from murai.display.hud import HudState
from murai.display.mp4 import Mp4Writer
from murai.display.offscreen import OffscreenCanvas
from murai.display.recorder import Recorder
from murai.display.renderer import Renderer
from murai.display.view import ViewState
from murai.display.window import WindowCanvas, WindowOptions
from murai.errors import DisplayError
from tests.fakes.screens import SCREEN_PX, Screen

WIDTH, HEIGHT, FPS = 65, 49, 25.0
LUMA_709 = np.array([0.2126, 0.7152, 0.0722])


def colour(number: int) -> tuple[int, int, int]:
    """A colour for each picture, bright in its upper half; no two that follow each other are alike."""
    return 40 * (number % 6), 230 - 40 * (number % 5), 60 + 90 * (number % 2)


def picture(number: int) -> np.ndarray:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[: HEIGHT // 2] = colour(number)
    return pixels


def record(file: Path, painted_of: Callable[..., Painted], count: int) -> Recorder:
    """Shows a picture every 1/25 s by a clock of its own, slowly enough for the recorder's thread."""
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas:
        renderer = Renderer(canvas)
        with Recorder(file, canvas, FPS) as recorder:
            for number in range(count):
                renderer.draw(painted_of(picture(number)), ViewState(), HudState())
                recorder.capture(1000.0 + number / FPS)
                canvas.swap()
                time.sleep(0.01)
        renderer.close()
    return recorder


def test_the_film_shows_what_the_screen_showed_when_it_did(tmp_path: Path, painted_of: Callable[..., Painted]) -> None:
    recorder = record(tmp_path / "show.mp4", painted_of, count=50)
    assert recorder.fault is None
    with av.open(str(tmp_path / "show.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (WIDTH - 1, HEIGHT - 1)
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (1, 1)
        frames = [(float(frame.time or 0.0), frame.to_ndarray(format="rgb24")) for frame in film.decode(video=0)]
        assert film.duration is not None
        assert film.duration / 1e6 == pytest.approx(50 / FPS, abs=0.1)
    assert 25 < len(frames) <= 50
    for time_s, pixels in frames:
        upper, lower = pixels[4:18, 4:-4].mean(axis=(0, 1)), pixels[-18:-4, 4:-4].mean(axis=(0, 1))
        assert upper @ LUMA_709 == pytest.approx(np.array(colour(round(time_s * FPS))) @ LUMA_709, abs=12)
        assert upper == pytest.approx(np.array(colour(round(time_s * FPS))), abs=25)
        assert lower.max() < 12, "upside down"


def test_a_faster_show_is_thinned_out(tmp_path: Path, painted_of: Callable[..., Painted]) -> None:
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas, Recorder(tmp_path / "show.mp4", canvas, FPS) as recorder:
        for number in range(100):
            recorder.capture(1000.0 + number / (4 * FPS))
            time.sleep(0.002)
    with av.open(str(tmp_path / "show.mp4")) as film:
        assert 13 <= sum(1 for _ in film.decode(video=0)) <= 27


def test_a_size_that_cannot_be_encoded_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DisplayError, match="can't film 16384x16384 px"):
        Mp4Writer(tmp_path / "show.mp4", (16384, 16384), FPS)


def test_a_film_that_is_smaller_than_the_screen_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for size_px in ((333, 777), (334, 776)):
        with Mp4Writer(tmp_path / f"{size_px[0]}.mp4", size_px, FPS):
            pass
    assert caplog.messages == [f"{tmp_path / '333.mp4'} has 332x776 px of 333x777: films have even sides"]


def test_pictures_of_other_sizes_are_scaled_into_the_film_between_black_bars(tmp_path: Path) -> None:
    """A film of 128x72: first a picture that is too narrow for it, then one too low, then its own size."""
    shown = ((300, 300), (64, 16), (128, 72))
    with Mp4Writer(tmp_path / "show.mp4", (128, 72), 30.0) as writer:
        for number, (width, height) in enumerate(shown):
            writer.write(np.full((height, width, 4), 200, np.uint8), number / 30)
    with av.open(str(tmp_path / "show.mp4")) as film:
        narrow, low, whole = (frame.to_ndarray(format="gray").astype(int) for frame in film.decode(video=0))
    assert narrow.shape == (72, 128)
    assert (narrow[:, :24].max(), narrow[:, -24:].max()) < (20, 20)
    assert narrow[4:-4, 34:-34].min() > 180
    assert (low[:16].max(), low[-16:].max()) < (20, 20)
    assert low[26:-26, 4:-4].min() > 180
    assert whole.min() > 180


def test_a_window_that_becomes_the_full_screen_stays_in_the_film(
    tmp_path: Path, screen: Screen, painted_of: Callable[..., Painted]
) -> None:
    """Black in the window; in full screen white on the left, which a part of it alone would not show."""
    black, half_white = np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64, 3), np.uint8)
    half_white[:, :32] = 255
    with WindowCanvas(WindowOptions((320, 240), vsync=False)) as canvas:
        renderer = Renderer(canvas)
        with Recorder(tmp_path / "show.mp4", canvas, FPS) as recorder:
            for number in range(40):
                canvas.set_fullscreen(number >= 20)
                canvas.poll()
                shown = half_white if canvas.size_px == SCREEN_PX else black
                renderer.draw(painted_of(shown), ViewState(), HudState())
                recorder.capture(1000.0 + number / FPS)
                canvas.swap()
                time.sleep(0.02)
            assert canvas.size_px == SCREEN_PX
        renderer.close()
    assert recorder.fault is None
    with av.open(str(tmp_path / "show.mp4")) as film:
        frames = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert len(frames) > 20
    assert {frame.shape for frame in frames} == {(240, 320)}
    assert frames[0].max() < 20
    assert frames[-1][10:-10, 10:140].min() > 235
    assert frames[-1][10:-10, 180:-10].max() < 20


def test_a_show_without_a_picture_leaves_a_film_that_is_black(tmp_path: Path) -> None:
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas, Recorder(tmp_path / "show.mp4", canvas):
        pass
    with av.open(str(tmp_path / "show.mp4")) as film:
        (frame,) = film.decode(video=0)
    assert frame.to_ndarray(format="gray").max() < 20


def test_a_folder_that_is_missing_is_made(tmp_path: Path, painted_of: Callable[..., Painted]) -> None:
    record(tmp_path / "new" / "folder" / "show.mp4", painted_of, count=3)
    assert (tmp_path / "new" / "folder" / "show.mp4").stat().st_size > 0


@pytest.mark.parametrize("file", ["file/show.mp4", "."])
def test_a_file_that_cannot_be_written_is_told_at_once(tmp_path: Path, file: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas, pytest.raises(DisplayError, match="can't write") as told:
        Recorder(tmp_path / file, canvas)
    assert str(tmp_path) in str(told.value)


FULL_DISK = """
import resource, sys, time
import numpy as np
from pathlib import Path
from murai.display.offscreen import OffscreenCanvas
from murai.display.opengl import GL
from murai.display.recorder import Recorder
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
rng, shown = np.random.default_rng(1), 0
with OffscreenCanvas((320, 240)) as canvas, Recorder(Path(sys.argv[1]), canvas) as recorder:
    end_s = time.monotonic() + 30
    while recorder.fault is None and time.monotonic() < end_s:
        GL.glClearColor(*rng.random(3), 1.0)
        for x in range(0, 320, 8):
            GL.glEnable(GL.GL_SCISSOR_TEST)
            GL.glScissor(x, int(rng.integers(200)), 8, 60)
            GL.glClearColor(*rng.random(3), 1.0)
            GL.glClear(GL.GL_COLOR_BUFFER_BIT)
        recorder.capture(time.monotonic())
        canvas.swap()
        shown += 1
        time.sleep(0.005)
    recorder.capture(time.monotonic())
print(recorder.fault)
"""


def test_a_disk_that_fills_up_ends_the_recording_and_not_the_show(tmp_path: Path) -> None:
    """The limit on a file's size stands for the full disk: both are an error of write()."""
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "show.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith(f"can't write the recording {tmp_path / 'show.mp4'}: File too large")


KILLED = """
import os, sys
import numpy as np
from pathlib import Path
from murai.display.mp4 import Mp4Writer
writer, rng = Mp4Writer(Path(sys.argv[1]), (64, 48), 30.0), np.random.default_rng(1)
for number in range(75):
    writer.write(rng.integers(0, 255, (48, 64, 4), np.uint8), number / 30)
os.kill(os.getpid(), 9)
"""


def test_a_killed_program_leaves_a_film_that_plays(tmp_path: Path) -> None:
    file = tmp_path / "show.mp4"
    subprocess.run([sys.executable, "-c", KILLED, str(file)], timeout=60, check=False)
    with av.open(str(file)) as film:
        assert 60 <= sum(1 for _ in film.decode(video=0)) <= 75  # all but the second that was under way


def test_times_that_stand_still_or_go_back_are_kept_in_order(tmp_path: Path) -> None:
    with Mp4Writer(tmp_path / "show.mp4", (64, 48), 30.0) as writer:
        for at_s in (0.0, 0.0, 0.5, 0.4, 1.0):
            writer.write(np.zeros((48, 64, 4), np.uint8), at_s)
    with av.open(str(tmp_path / "show.mp4")) as film:
        times = [frame.pts for frame in film.decode(video=0)]
    assert len(times) == 5
    assert times == sorted(set(times))
