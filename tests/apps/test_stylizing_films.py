"""Films are painted frame by frame, with their times and their sound, whole or in pieces."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from murai.apps.settings_files import read_settings
from murai.apps.stylizing_film import Film, FilmFrame
from murai.apps.stylizing_films import FilmSink, paint_film
from murai.apps.stylizing_footage import open_footage
from murai.apps.stylizing_look import Finish, Fit
from murai.apps.stylizing_masks import FilmMask
from murai.apps.stylizing_mix import steady
from murai.apps.stylizing_options import make_options
from murai.apps.stylizing_painter import FilmPainter, Shades
from murai.apps.stylizing_work import find_jobs
from murai.core.files import part_of
from murai.errors import ConfigError, MediaError, RenderError
from murai.hardware import choose_compute
from murai.stylize.engine import Engine
from murai.stylize.pack import read_pack
from murai.stylize.steadying import Steadier
from tests.apps.stylizing_runs import Pixels, away, blurred, film, paint, pixels, watch
from tests.fakes.packs import write_tiny_pack
from tests.sources.clips import Recipe, write_clip


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny")


def frames_in(folder: Path) -> list[Pixels]:
    return [pixels(file) for file in sorted(folder.glob("frame-*.png"))]


def followed(source: Path, pack: Path, shares: list[list[float]]) -> list[Pixels]:
    """What the engine makes of a film's frames, each followed and then painted in its shares."""
    engine = Engine(read_pack(pack), choose_compute("cpu"))
    painted = []
    for frame, mix in zip(Film(str(source)).frames(), shares, strict=True):
        engine.follow(frame.rgb, mix, frame.at_s)
        painted.append(engine.paint(frame.rgb, mix).permute(1, 2, 0).numpy().copy())
    return painted


@pytest.mark.parametrize("scheme", ["", "file:"])
def test_a_film_is_not_its_own_output(scheme: str, tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4")
    (tmp_path / "link.mp4").symlink_to("in.mp4")
    before = source.read_bytes()
    with pytest.raises(ConfigError, match="is the input"):
        paint(f"{scheme}{source}", tmp_path / "link.mp4", pack)
    assert source.read_bytes() == before


def test_what_a_link_leads_to_is_painted(tmp_path: Path, pack: Path) -> None:
    (tmp_path / "link.mp4").symlink_to("out.mp4")
    paint(film(tmp_path / "in.mp4"), tmp_path / "link.mp4", pack)
    assert (tmp_path / "link.mp4").is_symlink() and len(watch(tmp_path / "out.mp4").frames) == 12


def test_a_pipe_takes_no_film(tmp_path: Path, pack: Path) -> None:
    os.mkfifo(tmp_path / "out.mp4")
    with pytest.raises(RenderError, match="films are no streams"):
        paint(film(tmp_path / "in.mp4"), tmp_path / "out.mp4", pack)
    assert (tmp_path / "out.mp4").is_fifo()


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_times_and_sound_are_those_of_the_film(ending: str, tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / f"in{ending}")
    report = paint(source, tmp_path / f"out{ending}", pack)
    before, after = watch(source), watch(tmp_path / f"out{ending}")
    assert report.frames == len(after.frames) == 12
    assert after.times_s == pytest.approx(before.times_s, abs=1e-3 if ending == ".mkv" else 0.0)
    assert [data for _, data in after.sound] == [data for _, data in before.sound]
    assert [at_s for at_s, _ in after.sound] == pytest.approx([at_s for at_s, _ in before.sound], abs=2e-3)
    assert not part_of(tmp_path / f"out{ending}").exists()


def test_frames_of_varying_length_stay_so(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 6, every=[512, 100, 2000, 313, 512, 900])
    paint(source, tmp_path / "out.mp4", pack)
    assert watch(tmp_path / "out.mp4").times_s == watch(source).times_s


def test_a_painted_film_shows_what_the_engine_paints_from_its_first_frame_on(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4")
    paint(source, tmp_path / "frames", pack, styles=("style-2",), png=True, steady=False)
    paint(source, tmp_path / "out.mp4", pack, styles=("style-2",), crf=5, steady=False)
    wanted = followed(source, pack, [[0.0, 1.0, 0.0]] * 12)
    for painted, encoded, right in zip(
        frames_in(tmp_path / "frames"), watch(tmp_path / "out.mp4").frames, wanted, strict=True
    ):
        assert np.array_equal(painted, right)
        assert away(blurred(encoded), blurred(right)) < 2.0
    still = Engine(read_pack(pack), choose_compute("cpu")).paint_still(
        next(Film(str(source)).frames()).rgb, [0.0, 1.0, 0.0]
    )
    assert away(wanted[0], still.permute(1, 2, 0).numpy()) < 1.0


def test_mixes_are_those_of_their_moments(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 11, every=1280)
    paint(source, tmp_path / "frames", pack, mix="0:style-1,0.2:style-1,0.6:style-2+style-3:3", png=True, steady=False)
    parts = [min(max((n / 10 - 0.2) / 0.4, 0.0), 1.0) for n in range(11)]
    wanted = followed(source, pack, [[1.0 - part, part * 0.25, part * 0.75] for part in parts])
    found = frames_in(tmp_path / "frames")
    assert max(away(one, other) for one, other in zip(found, wanted, strict=True)) < 0.1
    assert away(found[2], found[6]) > 5.0


def test_films_are_steadied_unless_told_otherwise(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 8, sound=None)
    paint(source, tmp_path / "steady", pack, png=True)
    paint(source, tmp_path / "fresh", pack, png=True, steady=False)
    steadier, changed = Steadier(), 0.0
    frames = zip(Film(str(source)).frames(), frames_in(tmp_path / "fresh"), frames_in(tmp_path / "steady"), strict=True)
    for frame, fresh, shown in frames:
        wanted = steadier.steady(torch.from_numpy(fresh.copy()).permute(2, 0, 1), frame.rgb, "one style", frame.at_s)
        assert np.array_equal(wanted.permute(1, 2, 0).numpy(), shown)
        changed += away(fresh, shown)
    assert changed > 1.0


@pytest.mark.parametrize(("lead_in_s", "seam"), [(10.0, 1.0), (0.2, 3.0)])
def test_pieces_are_the_whole_film(lead_in_s: float, seam: float, tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 14, every=[512, 512, 300, 900, 512, 512, 512] * 2)
    mix = "0:style-1,0.1:style-1,0.15:style-3"
    paint(source, tmp_path / "whole", pack, mix=mix, png=True)
    for number in (1, 2, 3):
        shard = {"number": number, "of": 3}
        paint(source, tmp_path / "pieces", pack, mix=mix, png=True, shard=shard, lead_in_s=lead_in_s)
    whole, pieces = frames_in(tmp_path / "whole"), frames_in(tmp_path / "pieces")
    assert len(pieces) == 14
    assert max(away(one, other) for one, other in zip(whole, pieces, strict=True)) < seam


def test_pieces_without_lead_in_would_have_seams(tmp_path: Path, pack: Path) -> None:
    """So the test above can fail: the film gets darker, and statistics that begin anew would follow at once."""
    source = film(tmp_path / "in.mp4", 24, every=6400)
    found = {}
    for lead_in_s in (0.0, 10.0):
        folder = tmp_path / f"{lead_in_s}"
        paint(source, folder, pack, png=True, shard={"number": 2, "of": 2}, lead_in_s=lead_in_s)
        found[lead_in_s] = frames_in(folder)[0]
    paint(source, tmp_path / "whole", pack, png=True)
    whole = frames_in(tmp_path / "whole")[12]
    assert away(found[10.0], whole) < 0.3 * away(found[0.0], whole)


def test_pieces_are_joined_without_a_frame_or_a_sound_lost(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 13, every=[512, 700, 512, 300] * 3 + [512])
    output = tmp_path / "out.mp4"
    paint(source, tmp_path / "whole.mp4", pack, crf=4)
    for number in (3, 1, 2):
        paint(source, output, pack, crf=4, shard={"number": number, "of": 3})
    assert [len(watch(tmp_path / f"out.{number}-of-3.mp4").frames) for number in (1, 2, 3)] == [4, 4, 5]
    assert paint(source, output, pack, join=3).frames == 13
    settings = [read_settings(tmp_path / f"{name}.mp4.json", "stylize") for name in ("whole", "out")]
    settings[0]["settings"]["output"] = str(output)
    assert settings[0] == settings[1]
    whole, joined = watch(tmp_path / "whole.mp4"), watch(output)
    assert joined.times_s == whole.times_s
    assert joined.sound == whole.sound
    assert max(away(one, other) for one, other in zip(whole.frames, joined.frames, strict=True)) < 2.5


def test_pieces_that_do_not_belong_together_are_not_joined(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 8)
    output = tmp_path / "out.mp4"
    paint(source, output, pack, shard={"number": 1, "of": 2})
    with pytest.raises(RenderError, match=r"out.2-of-2.mp4 is missing"):
        paint(source, output, pack, join=2)
    paint(source, output, pack, shard={"number": 2, "of": 2}, styles=("style-2",))
    with pytest.raises(RenderError, match="painted otherwise"):
        paint(source, output, pack, join=2)
    paint(source, output, pack, shard={"number": 2, "of": 2})
    settings = json.loads((tmp_path / "out.2-of-2.mp4.json").read_text())
    settings["piece"]["frames"] = 5
    (tmp_path / "out.2-of-2.mp4.json").write_text(json.dumps(settings))
    with pytest.raises(RenderError, match="has 4 frames of 5"):
        paint(source, output, pack, join=2)
    assert not output.exists()


def test_a_film_too_short_for_its_pieces_is_told(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 3)
    with pytest.raises(ConfigError, match="has 3 frames, too few for 4 pieces"):
        paint(source, tmp_path / "out.mp4", pack, shard={"number": 1, "of": 4})


def test_a_turned_film_is_painted_upright(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 3, turns_left=1)
    paint(source, tmp_path / "out.mp4", pack, strength=0.0, crf=5)
    upright = np.rot90(watch(source).frames[0])
    assert away(watch(tmp_path / "out.mp4").frames[0], upright) < 6.0


def test_no_more_than_so_many_seconds(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 20)
    paint(source, tmp_path / "out.mp4", pack, seconds=0.2)
    seen = watch(tmp_path / "out.mp4")
    assert len(seen.frames) == 5
    assert 0.1 < seen.sound[-1][0] < 0.25


def test_a_film_as_a_mask_moves(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 4, sound=None)
    left = np.zeros((64, 96, 3), np.uint8)
    left[:, :48] = 255
    halves = [left, left, 255 - left, 255 - left]
    mask = write_clip(tmp_path / "mask.mp4", halves, Recipe(options={"crf": "1"}))
    paint(source, tmp_path / "frames", pack, mask=mask, png=True)
    original = [frame.rgb.permute(1, 2, 0).numpy() for frame in Film(str(source)).frames()]
    for n, frame in enumerate(frames_in(tmp_path / "frames")):
        sides = slice(0, 40), slice(56, 96)
        painted, kept = sides if n < 2 else sides[::-1]
        assert away(frame[:, kept], original[n][:, kept]) < 2.0
        assert away(frame[:, painted], original[n][:, painted]) > 10.0


def test_a_mask_keeps_pace_with_a_film_of_rounded_times(tmp_path: Path) -> None:
    black, white = (np.full((64, 96, 3), value, np.uint8) for value in (0, 255))
    mask = FilmMask(write_clip(tmp_path / "mask.mp4", [black, white], Recipe(fps=30)), Fit())
    assert float(mask.at(0.033, (64, 96)).mean()) > 0.9


def test_another_style_outside_of_the_mask(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 3, sound=None)
    mask = np.zeros((64, 96), np.uint8)
    mask[:, :48] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    paint(source, tmp_path / "both", pack, mask=tmp_path / "mask.png", outside=("style-3",), png=True)
    for style, part in (("style-1", slice(0, 48)), ("style-3", slice(48, 96))):
        paint(source, tmp_path / style, pack, styles=(style,), png=True)
        for both, alone in zip(frames_in(tmp_path / "both"), frames_in(tmp_path / style), strict=True):
            assert np.array_equal(both[:, part], alone[:, part])


def test_a_stopped_film_plays_and_is_no_result(tmp_path: Path, pack: Path) -> None:
    options = make_options({"input": str(film(tmp_path / "in.mp4", 60)), "output": tmp_path / "out.mp4"})
    (job,) = find_jobs(options)
    read = read_pack(pack)
    footage = open_footage(job, options, steady(read, ()))
    painter = FilmPainter(read, choose_compute("cpu"), Shades(steady(read, ())), Finish())
    painted = 0

    def stop_after_thirty() -> None:
        nonlocal painted
        painted += 1
        if painted == 30:
            raise KeyboardInterrupt

    with pytest.raises(RenderError, match=r"stopped after 30 frames: .*out.mp4.part has what was painted"):
        paint_film(footage, painter, FilmSink(job.output, footage.shape), stop_after_thirty)
    assert not job.output.exists()
    assert 20 <= len(watch(part_of(job.output)).frames) <= 30


def test_ctrl_c_ends_a_folder_too(tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for name in "ab":
        film(tmp_path / "in" / f"{name}.mp4", 3, sound=None)
    plain = FilmPainter.follow

    def stop_in_a(painter: FilmPainter, frame: FilmFrame) -> None:
        monkeypatch.setattr(FilmPainter, "follow", plain)
        raise KeyboardInterrupt

    monkeypatch.setattr(FilmPainter, "follow", stop_in_a)
    with pytest.raises(RenderError, match="stopped"):
        paint(tmp_path / "in", tmp_path / "out", pack)
    assert not (tmp_path / "out" / "b.mp4").exists()


def test_a_film_that_is_cut_off_is_painted_as_far_as_it_goes(
    tmp_path: Path, pack: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = film(tmp_path / "in.mkv", 30, sound=None).read_bytes()
    (tmp_path / "torn.mkv").write_bytes(whole[: len(whole) // 2])
    with caplog.at_level(logging.WARNING):
        report = paint(tmp_path / "torn.mkv", tmp_path / "out.mkv", pack)
    assert 5 < report.frames == len(watch(tmp_path / "out.mkv").frames) < 30


def test_sound_that_the_container_cannot_hold_is_told(
    tmp_path: Path, pack: Path, caplog: pytest.LogCaptureFixture
) -> None:
    source = film(tmp_path / "in.mkv", 4, sound="flac")
    with caplog.at_level(logging.WARNING):
        paint(source, tmp_path / "out.mov", pack)
    assert "its sound (flac) can't be put into this kind of file" in caplog.text
    assert len(watch(tmp_path / "out.mov").frames) == 4


def test_a_drawn_scene_is_a_source_as_well(tmp_path: Path, pack: Path) -> None:
    report = paint("synthetic:?size=96x64&fps=30", tmp_path / "out.mp4", pack, seconds=0.3)
    seen = watch(tmp_path / "out.mp4")
    assert report.frames == len(seen.frames) == 9
    assert seen.times_s == pytest.approx([n / 30 for n in range(9)], abs=1e-3)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("none.mp4", None, "there is no file"), ("text.mp4", b"no film" * 99, "can't be read as a film")],
)
def test_what_is_no_film_is_told(name: str, content: bytes | None, said: str, tmp_path: Path, pack: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises((MediaError, ConfigError), match=said):
        paint(tmp_path / name, tmp_path / "out.mp4", pack)
    assert not (tmp_path / "out.mp4").exists()


def test_a_film_is_not_written_as_something_else(tmp_path: Path, pack: Path) -> None:
    with pytest.raises(RenderError, match=r"films are written as .mp4"):
        paint(film(tmp_path / "in.mp4", 2), tmp_path / "out.webm", pack)


def test_a_full_disk_is_told(tmp_path: Path, pack: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"from before")
    part_of(tmp_path / "out.mp4").symlink_to("/dev/full")
    with pytest.raises(RenderError, match="No space left"):
        paint(film(tmp_path / "in.mp4", 40), tmp_path / "out.mp4", pack)
    assert (tmp_path / "out.mp4").read_bytes() == b"from before"


def test_resume_skips_what_is_whole_and_nothing_else(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mp4", 4)
    for more in ({}, {"png": True}):
        output = tmp_path / ("frames" if more else "out.mp4")
        counts = [paint(source, output, pack, resume=True, **more).skipped for _ in range(2)]
        assert counts == [0, 1]
    with pytest.raises(ConfigError, match="was painted with other settings"):
        paint(source, tmp_path / "out.mp4", pack, resume=True, strength=0.5)
    (tmp_path / "out.mp4").unlink()
    assert paint(source, tmp_path / "out.mp4", pack, resume=True).frames == 4


def test_sound_stays_with_its_frames_where_a_film_begins_later(tmp_path: Path, pack: Path) -> None:
    source = film(tmp_path / "in.mkv", 8, begins=25_600)
    paint(source, tmp_path / "out.mp4", pack)
    before, after = watch(source), watch(tmp_path / "out.mp4")
    assert before.times_s[0] > 1.0 > after.times_s[0]
    lag_before, lag_after = (seen.sound[0][0] - seen.times_s[0] for seen in (before, after))
    assert lag_after == pytest.approx(lag_before, abs=2e-3)
    assert [b - a for a, b in zip(after.times_s, after.times_s[1:], strict=False)] == pytest.approx(
        [0.04] * 7, abs=1e-3
    )
