"""Network streams, from a real HTTP server on loopback."""

import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from itertools import islice
from pathlib import Path
from threading import Event

import pytest

from murai.errors import MediaError
from murai.sources.media import open_stream
from murai.sources.pictures import PictureDecoder
from murai.sources.uri import Playback, StreamSpec
from tests.fakes.streams import hang_up, live_jpegs, say_nothing, serving
from tests.sources.clips import Recipe, moving, write_clip


def test_a_live_stream_counts_from_reading_and_its_query_is_the_servers() -> None:
    with serving(live_jpegs(60, say_nothing)) as (address, _, asked):
        url = f"{address}/cam?loop=2&size=big"
        with closing(open_stream(StreamSpec(url))) as source:
            decoder = PictureDecoder(source.info)
            before_s = time.monotonic()
            packets = list(islice(source.packets(Event()), 20))
            assert sum(len(decoder.decode(packet)) for packet in packets) == 20
            assert all(before_s <= packet.captured_s <= time.monotonic() for packet in packets)
        assert asked == ["/cam?loop=2&size=big"]


def test_a_stream_that_stalls_is_told_within_five_seconds() -> None:
    with (
        serving(live_jpegs(60, say_nothing)) as (address, _, _),
        closing(open_stream(StreamSpec(address + "/c"))) as source,
    ):
        with pytest.raises(MediaError, match=r"127\.0\.0\.1.*stopped sending"):
            for _ in source.packets(Event()):
                last_s = time.monotonic()
        assert time.monotonic() - last_s < 5


def test_a_live_stream_that_ends_is_an_error() -> None:
    with (
        serving(live_jpegs(60, hang_up)) as (address, _, _),
        closing(open_stream(StreamSpec(address + "/c"))) as source,
    ):
        packets = source.packets(Event())
        assert len(list(islice(packets, 60))) == 60
        with pytest.raises(MediaError, match=r"ended|broke off"):
            next(packets)


def test_a_server_that_never_answers_is_told_within_five_seconds() -> None:
    with serving(say_nothing) as (address, _, _):
        started_s = time.monotonic()
        with pytest.raises(MediaError, match="did not answer"):
            open_stream(StreamSpec(address + "/c"))
        assert time.monotonic() - started_s < 5.5


def test_no_server_and_no_secrets_in_the_message() -> None:
    with pytest.raises(MediaError) as caught:
        open_stream(StreamSpec("http://me:secret@127.0.0.1:9/cam?token=secret"))
    assert "127.0.0.1:9/cam" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_recording_on_a_server_is_paced_and_repeated(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "a.mp4", moving(10), Recipe(), movflags="faststart").read_bytes()

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)

    with serving(answer) as (address, _, asked):
        with closing(open_stream(StreamSpec(address + "/a.mp4", Playback()))) as source:
            started_s = time.monotonic()
            packets = list(islice(source.packets(Event()), 15))
            assert time.monotonic() - started_s >= 0.5
        assert [packet.restart for packet in packets].index(True) == 10
        assert len(asked) == 2
