"""The engine on a GPU: the same paintings as on a CPU, and a loop that neither waits nor copies to or from the host."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from murai.core.media import Packet, StreamInfo
from murai.hardware import Compute, choose_compute
from murai.networks.style import StyleNetworkSpec
from murai.sources.decoders import open_decoder
from murai.stylize.cuda_graph import CudaRecorder
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack, read_pack
from murai.stylize.pack_writer import write_pack
from tests.fakes.packs import tiny_contents
from tests.sources.clips import moving, units

pytestmark = pytest.mark.gpu

WIDTH, HEIGHT = 640, 360
LARGEST_COPY_BYTES = 64 * 1024


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("packs") / "whole"
    write_pack(folder, tiny_contents(3, StyleNetworkSpec(width=1.0, blocks=5)))
    return read_pack(folder)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def pictures(count: int) -> list[Tensor]:
    """(3, H, W) uint8 on the GPU, views of RGBx memory, as decoders give them."""
    made = []
    for picture in moving(count, (WIDTH, HEIGHT)):
        rgbx = torch.full((HEIGHT, WIDTH, 4), 255, dtype=torch.uint8)
        rgbx[:, :, :3] = torch.from_numpy(picture)
        made.append(rgbx.cuda()[:, :, :3].permute(2, 0, 1))
    return made


def apart(one: Tensor, other: Tensor) -> float:
    return float((one.cpu().float() - other.cpu().float()).abs().mean())


def test_paintings_are_those_of_a_cpu(pack: Pack) -> None:
    live, plain = Engine(pack, choose_compute("cuda")), Engine(pack, Compute("cpu", "float32", 2, "for tests"))
    live.warm_up((WIDTH, HEIGHT))
    for shares in ([1.0, 0.0, 0.0], [0.2, 0.5, 0.3]):
        for now_s, rgb in enumerate(pictures(4)):
            assert apart(live.paint(rgb, shares), plain.paint(rgb.cpu(), shares)) <= 2.0
            live.follow(rgb, shares, float(now_s))
            plain.follow(rgb.cpu(), shares, float(now_s))
        assert apart(live.paint_still(rgb, shares), plain.paint_still(rgb.cpu(), shares)) <= 2.0


def test_a_change_of_style_records_nothing_anew(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[object] = []
    record = CudaRecorder.record
    monkeypatch.setattr(CudaRecorder, "record", lambda *asked: (recorded.append(asked), record(*asked))[1])
    engine, rgb = Engine(pack, Compute("cuda", "float16", 1, "for tests")), pictures(1)[0]
    plain = Engine(pack, Compute("cpu", "float32", 2, "for tests"))
    assert engine.name.startswith("graph")
    for part in range(11):
        shares = [1.0 - part / 10, part / 10, 0.0]
        assert apart(engine.paint(rgb, shares), plain.paint(rgb.cpu(), shares)) <= 2.0
    assert len(recorded) == 1


def styles_in_turn() -> Iterator[list[float]]:
    """Styles that rest for a while and then glide to the next."""
    rests = [[1.0, 0.0, 0.0]] * 20 + [[0.0, 1.0, 0.0]] * 20
    return cycle([*rests, *([1.0 - part / 20, part / 20, 0.0] for part in range(20))])


def test_the_loop_neither_waits_nor_asks_for_memory(pack: Pack) -> None:
    engine, given, shares = Engine(pack, choose_compute("cuda")), pictures(8), styles_in_turn()
    engine.warm_up((WIDTH, HEIGHT))

    def paint(frames: int, begun: int) -> None:
        for number in range(begun, begun + frames):
            share = next(shares)
            engine.paint(given[number % 8], share)
            engine.follow(given[number % 8], share, number / 60)

    paint(120, 0)
    torch.cuda.set_sync_debug_mode("error")
    try:
        held = torch.cuda.memory_reserved()
        paint(300, 120)
        assert torch.cuda.memory_reserved() == held
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_three_hundred_frames_are_decoded_and_painted_without_a_large_copy(pack: Pack, tmp_path: Path) -> None:
    coded = units(moving(330, (WIDTH, HEIGHT)))
    engine, shares = Engine(pack, choose_compute("cuda")), styles_in_turn()
    engine.warm_up((WIDTH, HEIGHT))
    decoder = open_decoder(StreamInfo("h264", WIDTH, HEIGHT, 25.0, "clip"), "cuda")
    painted = 0

    def paint(some: list[bytes]) -> None:
        nonlocal painted
        for number, unit in enumerate(some, painted):
            for frame in decoder.decode(Packet(unit, number / 25, number)):
                assert frame.ready is not None
                frame.ready.wait()
                share = next(shares)
                engine.paint(frame.rgb, share)
                engine.follow(frame.rgb, share, frame.captured_s)
                painted += 1

    try:
        paint(coded[:30])
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as watched:
            paint(coded[30:])
            torch.cuda.synchronize()
    finally:
        decoder.close()
    assert painted >= 325
    watched.export_chrome_trace(str(tmp_path / "trace.json"))
    copies = _copies(tmp_path / "trace.json")
    assert copies, "the trace has no copies at all: the profiler doesn't see this GPU"
    large = {name for name, size in copies if size > LARGEST_COPY_BYTES and ("HtoD" in name or "DtoH" in name)}
    assert not large


def _copies(trace: Path) -> list[tuple[str, int]]:
    """Name and bytes of every copy that the GPU made."""
    events: list[dict[str, Any]] = json.loads(trace.read_text(encoding="utf-8"))["traceEvents"]
    return [(each["name"], int(each["args"]["bytes"])) for each in events if each.get("cat") == "gpu_memcpy"]


@pytest.mark.timeout(900)
def test_ten_thousand_frames_take_no_more_memory_than_a_hundred(pack: Pack) -> None:
    engine, given, shares = Engine(pack, choose_compute("cuda")), pictures(8), styles_in_turn()
    engine.warm_up((WIDTH, HEIGHT))
    screen, held = torch.cuda.Stream(), 0
    for number in range(10_000):
        share = next(shares)
        painting = engine.paint(given[number % 8], share)
        engine.follow(given[number % 8], share, number / 60)
        painting.record_stream(screen)  # as whoever draws it does
        if number % 50 == 0:
            torch.cuda.synchronize()  # or the host would run ahead of the GPU, which a camera doesn't let it
        if number == 200:
            held = torch.cuda.memory_reserved()
    torch.cuda.synchronize()
    assert torch.cuda.memory_reserved() <= held
