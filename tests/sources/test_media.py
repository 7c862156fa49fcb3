import shutil
import time
from contextlib import closing
from itertools import islice, pairwise
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pytest

from murai.core.media import Packet
from murai.errors import MediaError
from murai.sources.media import MediaSource, open_file
from murai.sources.pictures import Picture, PictureDecoder
from murai.sources.uri import FileSpec, Playback
from tests.sources.clips import Recipe, moving, write_clip

FAST_ONCE = Playback(realtime=False, loop=False)
REORDERED = Recipe(options={"preset": "veryfast", "x264-params": "bframes=3:b-adapt=0"})


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", moving(20), REORDERED)


def play(file: Path, playback: Playback = FAST_ONCE, count: int = 10_000) -> tuple[MediaSource, list[Packet]]:
    source = open_file(FileSpec(file, playback))
    with closing(source):
        return source, list(islice(source.packets(Event()), count))


def show(source: MediaSource, packets: list[Packet]) -> list[Picture]:
    decoder = PictureDecoder(source.info)
    shown: list[Picture] = []
    for packet in packets:
        shown += decoder.flush() if packet.restart else []
        shown += decoder.decode(packet)
    return shown + decoder.flush()


def test_a_file_played_once_gives_every_picture_in_order(clip: Path) -> None:
    source, packets = play(clip)
    assert (source.info.codec, source.info.width_px, source.info.height_px) == ("h264", 160, 96)
    assert source.info.fps == 25.0
    means = [float(picture.rgb.mean()) for picture in show(source, packets)]
    assert len(means) == 20
    assert means == sorted(means)


def test_a_loop_goes_on_in_time_and_order_and_says_where_it_starts_anew(clip: Path) -> None:
    source, packets = play(clip, Playback(realtime=False, loop=True), 50)
    assert [n for n, packet in enumerate(packets) if packet.restart] == [20, 40]
    orders = sorted(packet.order for packet in packets[:40])
    assert {round((after - before) / 40_000) for before, after in pairwise(orders)} == {1}
    assert len(show(source, packets)) == 50


def test_its_own_pace(clip: Path) -> None:
    started_s = time.monotonic()
    source, packets = play(clip, Playback(realtime=True, loop=False))
    assert time.monotonic() - started_s >= 18 / 25
    shown_s = [picture.captured_s for picture in show(source, packets)]
    assert [after - before for before, after in pairwise(shown_s)] == pytest.approx([0.04] * 19, abs=1e-6)


def test_stop_ends_a_paced_file_between_two_pictures(tmp_path: Path) -> None:
    slow = write_clip(tmp_path / "slow.mp4", moving(3), Recipe(fps=1))
    stop = Event()
    source = open_file(FileSpec(slow))
    Timer(0.2, stop.set).start()
    started_s = time.monotonic()
    with closing(source):
        assert len(list(source.packets(stop))) == 1
    assert time.monotonic() - started_s < 0.9


@pytest.mark.parametrize("left", [1, 2, -1])
def test_turned_files_stand_upright(tmp_path: Path, left: int) -> None:
    picture = np.full((96, 160, 3), 40, np.uint8)
    picture[:48, :80] = 230
    file = write_clip(tmp_path / "turned.mp4", [picture], Recipe(quarter_turns_left=left))
    source, packets = play(file)
    assert source.info.quarter_turns == -left % 4
    (shown,) = show(source, packets)
    turned = np.rot90(picture, left)
    assert shown.rgb.shape == turned.shape
    assert np.abs(shown.rgb.astype(int) - turned).mean() < 6


@pytest.mark.parametrize(("color_range", "full"), [(1, False), (2, True)])
def test_full_range_is_told_and_limited_assumed(tmp_path: Path, color_range: int, full: bool) -> None:
    grey = np.full((96, 160, 3), 200, np.uint8)
    file = write_clip(tmp_path / "range.mp4", [grey], Recipe(colour={"color_range": color_range}))
    source, packets = play(file)
    assert bool(source.info.full_range) is full
    assert abs(float(show(source, packets)[0].rgb.mean()) - 200) < 3


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("a.avi", Recipe("mjpeg", "yuvj420p", options={}, colour={"color_range": 2})),
        ("a.mkv", Recipe("libvpx-vp9", options={"deadline": "realtime", "cpu-used": "8"})),
        ("a.ts", REORDERED),
        ("a.h264", Recipe()),
        ("a.nut", Recipe("rawvideo", "yuyv422", options={})),
    ],
)
def test_other_containers_and_codecs(tmp_path: Path, name: str, recipe: Recipe) -> None:
    source, packets = play(write_clip(tmp_path / name, moving(12), recipe))
    assert len(show(source, packets)) == 12


def test_a_picture_is_a_video_of_one_picture(tmp_path: Path) -> None:
    file = write_clip(tmp_path / "a.png", moving(1), Recipe("png", "rgb24", options={}))
    source, packets = play(file)
    assert np.array_equal(show(source, packets)[0].rgb, moving(1)[0])


def test_a_file_with_a_good_head_plays_what_it_has(tmp_path: Path, clip: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", moving(40), Recipe(), movflags="faststart")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    source, packets = play(cut)
    assert 10 < len(show(source, packets)) < 40


def fault_of(file: Path) -> MediaError:
    with pytest.raises(MediaError) as caught:
        open_file(FileSpec(file))
    assert str(file) in str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_missing_file(tmp_path: Path) -> None:
    assert "there is no file" in str(fault_of(tmp_path / "none.mp4"))


def test_a_folder(tmp_path: Path) -> None:
    assert "is a folder" in str(fault_of(tmp_path))


@pytest.mark.parametrize("name", ["text.mp4", "text.txt", "text.nfo", "text.ans", "text"])
def test_text_is_no_video(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("Dear diary,\n\x1b[1mtoday I was taken for a film.\n" * 50)
    fault_of(tmp_path / name)


def test_an_mp4_without_its_index(tmp_path: Path, clip: Path) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    assert "copied whole" in str(fault_of(cut))


def test_sound_only(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "a.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", 8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
    assert "has no video" in str(fault_of(tmp_path / "a.wav"))


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    fault_of(tmp_path / "empty.mp4")


def test_a_file_name_that_looks_like_an_address(tmp_path: Path, clip: Path) -> None:
    odd = tmp_path / "http:" / "a%20b?c#d.mp4"
    odd.parent.mkdir()
    shutil.copy(clip, odd)
    assert len(play(odd)[1]) == 20


def test_a_file_that_vanishes_ends_its_loop_with_an_error(tmp_path: Path, clip: Path) -> None:
    copy = tmp_path / "copy.mp4"
    shutil.copy(clip, copy)
    with closing(open_file(FileSpec(copy, Playback(realtime=False)))) as source:
        packets = source.packets(Event())
        next(packets)
        copy.unlink()
        with pytest.raises(MediaError, match="there is no file"):
            list(packets)


def test_a_gap_in_a_transport_stream_is_told_with_its_packet(tmp_path: Path) -> None:
    fast = Recipe(options={"preset": "ultrafast", "tune": "zerolatency", "qp": "10"})
    file = write_clip(tmp_path / "clip.ts", moving(20, (320, 192)), fast)
    data = file.read_bytes()
    assert not any(packet.lost_before for packet in play(file)[1])
    lost = len(data) // 188 // 2 * 188  # one of its pieces
    file.write_bytes(data[:lost] + data[lost + 188 :])
    assert sum(packet.lost_before for packet in play(file)[1]) == 1
