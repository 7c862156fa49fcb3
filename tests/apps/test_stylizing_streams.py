"""`murai stylize` of network streams, from a real HTTP server on loopback, and of a source without an end."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from murai.apps import stylizing_film, stylizing_footage
from murai.errors import MediaError
from tests.apps.stylizing_runs import paint, watch
from tests.fakes.packs import write_tiny_pack
from tests.fakes.streams import Answer, hang_up, live_jpegs, say_nothing, serving
from tests.sources.clips import moving, write_clip


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny")


@pytest.fixture
def short_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stylizing_footage, "_STALL_S", 0.5)


def broadcast(tmp_path: Path, then: Answer) -> Answer:
    """An MPEG transport stream of 50 frames in two seconds, as a whole, and then what `then` does."""
    stream = write_clip(tmp_path / "broadcast.ts", moving(50)).read_bytes()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "video/mp2t")
        request.end_headers()
        request.wfile.write(stream)
        request.wfile.flush()
        then(request)

    return answer


def test_a_broadcast_is_painted_for_so_many_seconds(tmp_path: Path, pack: Path) -> None:
    with serving(broadcast(tmp_path, say_nothing)) as (address, _, _):
        report = paint(f"{address}/live.ts", tmp_path / "out.mp4", pack, seconds=1.0)
    seen = watch(tmp_path / "out.mp4")
    assert report.frames == len(seen.frames) == 25
    assert seen.times_s == pytest.approx([number / 25 for number in range(25)], abs=1e-3)
    assert seen.frames[0].shape == (96, 160, 3)


def test_a_broadcast_that_breaks_off_is_painted_to_its_last_frame(
    tmp_path: Path, pack: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(broadcast(tmp_path, hang_up)) as (address, _, _):
        assert paint(f"{address}/live.ts", tmp_path / "out.mp4", pack).frames == 50
    assert "painted as far as it goes" in caplog.text
    assert len(watch(tmp_path / "out.mp4").frames) == 50


def test_a_broadcast_that_stalls_is_painted_as_far_as_it_came(tmp_path: Path, pack: Path, short_stall: None) -> None:
    with serving(broadcast(tmp_path, say_nothing)) as (address, _, _):
        assert paint(f"{address}/live.ts", tmp_path / "out.mp4", pack).frames == 50


def test_pictures_without_times_get_those_of_their_arrival(
    tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = count(1000)  # one picture every 0.2 s
    monkeypatch.setattr(stylizing_film, "time", SimpleNamespace(monotonic=lambda: next(clock) / 5))
    with serving(live_jpegs(60, say_nothing)) as (address, _, asked):
        report = paint(f"{address}/cam?size=big", tmp_path / "out.mp4", pack, seconds=2.0)
        assert set(asked) == {"/cam?size=big"}
    assert report.frames == 10
    times_s = watch(tmp_path / "out.mp4").times_s
    assert times_s == pytest.approx([number / 5 for number in range(10)], abs=1e-3)


def test_a_stream_becomes_frames_in_a_mix_over_time(tmp_path: Path, pack: Path) -> None:
    with serving(broadcast(tmp_path, say_nothing)) as (address, _, _):
        url = f"{address.replace('//', '//me:secret@')}/live.ts"
        paint(url, tmp_path / "frames", pack, seconds=0.2, png=True, mix="0:style-1,0.2:style-2")
    assert len(list((tmp_path / "frames").glob("frame-*.png"))) == 5
    assert "secret" not in (tmp_path / "frames" / "stylize.json").read_text()


def test_a_source_without_an_end_is_painted_for_so_many_seconds(tmp_path: Path, pack: Path) -> None:
    report = paint("synthetic:?size=160x96&fps=20", tmp_path / "out.mp4", pack, seconds=0.5)
    assert report.frames == len(watch(tmp_path / "out.mp4").frames) > 0
    assert watch(tmp_path / "out.mp4").times_s[-1] < 0.5


def test_what_sends_nothing_is_told(tmp_path: Path, pack: Path, short_stall: None) -> None:
    def refuse(request: BaseHTTPRequestHandler) -> None:
        request.send_error(404)

    with (
        serving(say_nothing) as (address, _, _),
        pytest.raises(MediaError, match=r"nothing came .* within 0\.5 s"),
    ):
        paint(f"{address}/live.ts", tmp_path / "out.mp4", pack)
    with serving(refuse) as (address, _, _), pytest.raises(MediaError, match=r"404 Not Found\): check the address"):
        paint(f"{address}/live.ts", tmp_path / "out.mp4", pack)
    assert not list(tmp_path.glob("out*"))
