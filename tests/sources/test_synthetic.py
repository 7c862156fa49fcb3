import time
from contextlib import closing
from itertools import islice, pairwise
from threading import Event

import numpy as np
import pytest

from murai.sources.pictures import PictureDecoder
from murai.sources.scene import CUTS_S, LENGTH_S, Scene
from murai.sources.synthetic import SyntheticSource
from murai.sources.uri import SyntheticSpec


def drawn(size_px: tuple[int, int], seed: int, moment_s: float) -> np.ndarray:
    return np.asarray(Scene(size_px, seed).draw(moment_s)).astype(int)


def test_a_seed_always_gives_the_same_pictures() -> None:
    assert np.array_equal(drawn((320, 180), 1, 1.0), drawn((320, 180), 1, 1.0))
    assert np.abs(drawn((320, 180), 1, 1.0) - drawn((320, 180), 2, 1.0)).mean() > 5


def test_the_scene_moves_a_little_and_cuts_a_lot() -> None:
    scene = Scene((320, 180), 1)
    pictures = [np.asarray(scene.draw(n / 10)).astype(int) for n in range(round(LENGTH_S * 10))]
    changes = [np.abs(after - before).mean() for before, after in pairwise(pictures)]
    cuts = {round(cut_s * 10) - 1 for cut_s in CUTS_S[1:]}
    assert min(changes) > 0.5
    assert min(changes[n] for n in cuts) > 2 * max(change for n, change in enumerate(changes) if n not in cuts)


@pytest.mark.parametrize("size_px", [(16, 16), (64, 360), (640, 360), (360, 640)])
def test_any_size_can_be_drawn(size_px: tuple[int, int]) -> None:
    picture = drawn(size_px, 3, 3.2)
    assert picture.shape == (size_px[1], size_px[0], 3)
    assert picture.std() > 20


def test_packets_come_when_due_and_decode_to_what_was_drawn() -> None:
    spec = SyntheticSpec((320, 180), 20.0, 1)
    source, decoder = SyntheticSource(spec), PictureDecoder(SyntheticSource(spec).info)
    started_s = time.monotonic()
    with closing(source):
        packets = list(islice(source.packets(Event()), 8))
    assert time.monotonic() - started_s >= 7 / 20
    gaps_s = [after.captured_s - before.captured_s for before, after in pairwise(packets)]
    assert gaps_s == pytest.approx([1 / 20] * 7)
    for n, packet in enumerate(packets):
        (picture,) = decoder.decode(packet)
        assert np.abs(picture.rgb - drawn(spec.size_px, 1, n / 20)).mean() < 6


def test_the_loop_starts_anew_with_the_same_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("murai.sources.synthetic.LENGTH_S", 0.05)
    source = SyntheticSource(SyntheticSpec((64, 64), 240.0, 1))
    with closing(source):
        packets = list(islice(source.packets(Event()), 30))
    assert [n for n, packet in enumerate(packets) if packet.restart] == [12, 24]
    assert [packet.data for packet in packets[12:24]] == [packet.data for packet in packets[:12]]
    assert [packet.order for packet in packets] == list(range(30))
    decoder = PictureDecoder(source.info)
    assert all(len(decoder.decode(packet)) == 1 for packet in packets[12:])


def test_stop_ends_it() -> None:
    stop = Event()
    stop.set()
    assert list(SyntheticSource(SyntheticSpec((64, 64))).packets(stop)) == []
