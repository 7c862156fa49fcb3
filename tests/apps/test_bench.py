"""`murai bench`: what is measured, how it is counted, and what comes out."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from contextlib import suppress
from io import StringIO
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console

from murai.apps.benchmark import limits
from murai.apps.benchmark import plan as planning
from murai.apps.benchmark import run as bench_run
from murai.apps.benchmark.figures import Result, Row, Subject, Timings
from murai.apps.benchmark.footage import AsFastAsItGoes, Replay, record_clip
from murai.apps.benchmark.interruption import Interrupted
from murai.apps.benchmark.johnson import JohnsonNetwork, johnson_flops
from murai.apps.benchmark.limits import Limits
from murai.apps.benchmark.options import BenchOptions, parse_rows, parse_sizes
from murai.apps.benchmark.plan import plan
from murai.apps.benchmark.plot import write_plot
from murai.apps.benchmark.run import run_bench
from murai.apps.benchmark.runtimes import RUNTIMES, OneStyle, measure_runtime
from murai.apps.benchmark.stages import even_shares
from murai.apps.benchmark.stopwatch import time_calls
from murai.apps.benchmark.table import ratios, show_result
from murai.apps.benchmark.work import network_flops
from murai.apps.benchmark.workshop import Workshop
from murai.errors import BenchError, ConfigError, TrainingError
from murai.hardware import choose_compute
from murai.networks.canvas import FOLD, MARGIN_PX
from murai.networks.style import StyleNetworkSpec
from murai.sources.decoders import open_decoder
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack, read_pack
from tests.fakes.packs import write_tiny_pack

SIZE = (96, 64)
LIMITS = Limits(matmul=1e9, convolution=1e9, copy=1e9)


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return read_pack(write_tiny_pack(tmp_path_factory.mktemp("packs") / "tiny"))


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits' work is made small: what a machine can do isn't tested here."""
    monkeypatch.setitem(limits._LOADS, "cpu", limits._Load(128, 1, 16, 16, 2**16))


def row(who: str, stage: str, fps: float, size: tuple[int, int] = SIZE, styles: int = 1) -> Row:
    subject = Subject(who, stage, size, "tiny" if who == "murai" else "", styles)
    return Row(subject, Timings([1 / fps] * 4, 4 / fps), "matmul", 0.25e9, 1e9)


def result_of(*rows: Row) -> Result:
    machine = {"cpu": "A processor", "cores": 2, "gpu": None, "device": "cpu", "number_type": "float32"}
    machine |= {"torch": "2", "date": "2026-01-01"}
    return Result(machine, LIMITS.as_json(), list(rows), ["openvino: not installed (openvino)"])


def silent() -> tuple[Console, Console]:
    return Console(file=StringIO()), Console(file=StringIO())


# How it is counted


def test_percentiles_are_durations_that_there_were() -> None:
    timings = Timings([number / 1e3 for number in range(100, 0, -1)], 10.0)
    assert [timings.percentile_ms(share) for share in (0.5, 0.95, 0.99, 0.0)] == [50.0, 95.0, 99.0, 1.0]
    assert timings.fps == 10.0
    assert Timings([0.5], 0.5).percentile_ms(0.99) == 500.0


def test_the_first_calls_do_not_count_and_slow_ones_are_few() -> None:
    calls: list[float] = []

    def slow() -> None:
        calls.append(time.monotonic())
        time.sleep(1.1 if len(calls) == 1 else 0.05)

    timings = time_calls(slow, 0.01)
    assert len(calls) == 3
    assert len(timings.durations_s) == 2
    assert max(timings.durations_s) < 1.1 <= calls[1] - calls[0]


def test_operations_are_those_of_the_definition() -> None:
    # 32 channels, no blocks, at a quarter of the padded size: head, canvas, up at twice and out at four times of it.
    pixels = (64 + 2 * MARGIN_PX) * (96 + 2 * MARGIN_PX) // FOLD**2
    head, weave, up, out = 48 * 32, 2 * 32, 4 * 32 * 16, 16 * 16 * 3
    assert network_flops(StyleNetworkSpec(width=1.0, blocks=0), SIZE) == 2 * 9 * pixels * (head + weave + up + out)


def test_rows_are_compared_with_what_limits_them(pack: Pack) -> None:
    workshop = Workshop(choose_compute("cpu"), 0.1, 1.0)
    timings = Timings([0.02, 0.02], 0.02)  # 100 a second, each 20 ms
    flops = network_flops(pack.facts.network.spec, SIZE)
    assert workshop.row_of_network(Subject("murai", "network", SIZE), timings, pack).rate == 100 * flops
    latency = workshop.row_of_latency(Subject("murai", "live", SIZE), timings, pack)
    assert (latency.limit, latency.rate) == ("matmul", pytest.approx(flops / 0.02))
    drawn = workshop.row_by_bytes(Subject("murai", "draw", SIZE), timings)
    assert (drawn.limit, drawn.rate) == ("copy", 100 * 8 * 96 * 64)
    workshop.nvdec_fps = {SIZE: 400.0}
    decoded = workshop.row_by_bytes(Subject("murai", "decode", SIZE), timings)
    assert (decoded.limit, decoded.rate) == ("nvdec", 100)


def test_the_better_limit_counts() -> None:
    better = Limits(1.0, 2.0, 30.0).best(Limits(10.0, 1.0, 3.0, {SIZE: 400.0}))
    assert better == Limits(10.0, 2.0, 30.0, {SIZE: 400.0})
    timings = Timings([1.0], 1.0)
    limited = {name: better.of(Row(Subject("murai", "x", SIZE), timings, name)) for name in ("matmul", "copy", "nvdec")}
    assert limited == {"matmul": 10.0, "copy": 30.0, "nvdec": 400.0}
    assert Row(Subject("murai", "x", SIZE), timings, "copy", 15.0, 30.0).of_limit == 0.5


def test_the_script_has_johnsons_network() -> None:
    network = JohnsonNetwork().eval()
    assert sum(weights.numel() for weights in network.parameters()) == 1_679_235  # as pytorch/examples' has
    with torch.no_grad():
        assert network(torch.zeros(1, 3, 64, 96)).shape == (1, 3, 64, 96)
    assert 200_000 * 96 * 64 < johnson_flops(SIZE) * 1 < 1_000_000 * 96 * 64


# What flows


def test_pictures_come_as_fast_as_they_leave_and_no_faster() -> None:
    gate, stop = AsFastAsItGoes(ahead=2), Event()
    moments = [gate.wait(number, stop) for number in range(2)]
    assert None not in moments
    gate.left(1)
    assert gate.wait(2, stop) is not None
    stop.set()
    assert gate.wait(3, stop) is None


def test_a_clip_goes_round_without_damage() -> None:
    clip, gate, stop = record_clip(SIZE, 5), AsFastAsItGoes(ahead=12), Event()
    decoder = open_decoder(clip.info, "cpu")
    packets = Replay(clip, gate).packets(stop)
    frames = []
    for number, packet in zip(range(12), packets, strict=False):
        assert packet.restart == (number in (5, 10))
        frames += (decoder.flush() if packet.restart else []) + decoder.decode(packet)
    assert (len(frames), decoder.damaged) == (12, 0)
    assert torch.equal(frames[0].rgb, frames[5].rgb)
    assert not torch.equal(frames[0].rgb, frames[4].rgb)


def test_mixes_are_even(pack: Pack) -> None:
    assert even_shares(pack, 2) == [0.5, 0.5, 0.0]


# What is measured


def test_one_thing_grows_at_a_time(pack: Pack, tmp_path: Path) -> None:
    other = read_pack(write_tiny_pack(tmp_path / "other", styles=4))
    names = [task.name for task in plan(BenchOptions(rows=("network", "draw")), [other, pack], "cpu")]
    sizes = ("640x360", "1280x720", "1920x1080")
    growth = [name for size in sizes for name in (f"draw {size}", f"network {size} other 1")]
    first = "network 640x360"
    assert names == [*growth, f"{first} other 2", f"{first} other 4", f"{first} tiny 1"]
    quick = plan(BenchOptions(quick=True), [pack], "cpu")
    usual = "decode colour draw network pipeline live peer onnxruntime openvino"
    assert [task.row for task in quick] == usual.split()
    on_gpu = {task.name.split()[1] for task in plan(BenchOptions(), [pack], "cuda")}
    assert on_gpu == {*sizes, "3840x2160"}


def test_sizes_and_rows_are_read() -> None:
    assert parse_sizes("360p, 4K,100x50") == ((640, 360), (3840, 2160), (100, 50))
    assert parse_rows("draw, peer,") == ("draw", "peer")
    with pytest.raises(ConfigError, match="there is no row 'paint'"):
        parse_rows("paint")
    with pytest.raises(ConfigError, match="'8k' is no size: choose of 360p, 720p, 1080p, 4k, or write WIDTHxHEIGHT"):
        parse_sizes("8k")
    for wrong in ("101x50", "8000x4000", "large"):
        with pytest.raises(ConfigError, match=wrong):
            parse_sizes(wrong)


@pytest.mark.usefixtures("small_limits")
def test_all_of_it_on_a_small_picture(pack: Pack, tmp_path: Path) -> None:
    out, told = StringIO(), StringIO()
    options = BenchOptions(
        sizes=(SIZE,),
        packs=(str(pack.folder),),
        seconds=0.1,
        device="cpu",
        json_file=tmp_path / "figures" / "bench.json",
        plot=tmp_path / "bench.png",
    )
    run_bench(options, Console(file=out), Console(file=told))
    kept = json.loads((tmp_path / "figures" / "bench.json").read_text())
    assert set(kept) == {"machine", "limits", "rows", "notes"}
    assert kept["machine"]["device"] == "cpu"
    assert min(kept["limits"][name] for name in ("matmul_gflops", "convolution_gflops", "copy_gbytes_per_s")) > 0
    stages = {(each["who"], each["stage"], each["styles"]) for each in kept["rows"]}
    alone = {("murai", stage, 1) for stage in ("decode", "colour", "draw", "network", "pipeline", "live")}
    assert stages >= alone | {("murai", "network", 2), ("murai", "pipeline", 2), ("peer", "pipeline", 1)}
    for each in kept["rows"]:
        assert 0 < each["ms"]["p50"] <= each["ms"]["p95"] <= each["ms"]["p99"]
        assert min(each["fps"], each["of_limit"], each["frames"]) > 0
        assert (each["size"], each["pack"]) in (("96x64", "tiny"), ("96x64", None))
        assert (each["engine"] is not None) == (each["who"] == "murai" and each["pack"] == "tiny")
    assert "times the usual script (tiny)" in out.getvalue()
    lines = told.getvalue().splitlines()
    assert re.fullmatch(r"1 of 11: decode 96x64: p50 [\d.]+ ms", lines[1])
    assert len(lines) == 12
    with Image.open(tmp_path / "bench.png") as plot:
        assert plot.size[0] > 800


@pytest.mark.usefixtures("small_limits")
def test_what_is_not_installed_or_fails_is_a_line(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(workshop: Workshop, size: tuple[int, int]) -> Row:
        raise ModuleNotFoundError("No module named 'cv2'", name="cv2")

    def failing(workshop: Workshop, size: tuple[int, int]) -> Row:
        raise BenchError("too warm", "open a window")

    monkeypatch.setattr(planning, "measure_peer", lacking)
    monkeypatch.setattr(planning, "measure_colour", failing)
    options = BenchOptions(
        rows=("peer", "colour", "decode"), sizes=(SIZE,), packs=(str(pack.folder),), seconds=0.1, device="cpu"
    )
    result = run_bench(options, *silent())
    assert [each.subject.stage for each in result.rows] == ["decode"]
    assert result.notes == [
        "colour 96x64: too warm: open a window",
        "peer: not installed (cv2): pip install 'murai[bench]'",
    ]


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_measured_before_a_signal_is_kept(
    number: signal.Signals, pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]

    def endless(workshop: Workshop, size: tuple[int, int]) -> Row:
        signal.raise_signal(number)
        pytest.fail("it goes on")

    def impatient(result: Result, file: Path) -> None:
        signal.raise_signal(number)
        write_plot(result, file)

    monkeypatch.setattr(planning, "measure_colour", endless)
    monkeypatch.setattr(bench_run, "write_plot", impatient)
    options = BenchOptions(
        rows=("decode", "colour", "network"),
        sizes=(SIZE,),
        packs=(str(pack.folder),),
        seconds=0.1,
        device="cpu",
        json_file=tmp_path / "bench.json",
        plot=tmp_path / "bench.png",
    )
    out, told = StringIO(), StringIO()
    with pytest.raises(Interrupted) as ended:
        run_bench(options, Console(file=out), Console(file=told))
    assert ended.value.status == 128 + number
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    kept = json.loads((tmp_path / "bench.json").read_text())
    line = f"interrupted by {number.name}: 1 of 4 rows were measured"
    assert ([each["stage"] for each in kept["rows"]], kept["notes"]) == (["decode"], [line])
    assert kept["limits"]["matmul_gflops"] > 0 and (tmp_path / "bench.png").is_file()
    assert "decode" in out.getvalue() and line in out.getvalue()
    assert told.getvalue().splitlines()[-1] == line


@pytest.mark.usefixtures("small_limits")
def test_a_signal_before_anything_is_measured_leaves_nothing(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "measure_decode", lambda *_: signal.raise_signal(signal.SIGINT))
    options = BenchOptions(sizes=(SIZE,), packs=(str(pack.folder),), device="cpu", json_file=tmp_path / "bench.json")
    out, told = StringIO(), StringIO()
    with pytest.raises(Interrupted):
        run_bench(options, Console(file=out), Console(file=told))
    assert (out.getvalue(), list(tmp_path.iterdir())) == ("", [])
    assert told.getvalue().endswith("interrupted by SIGINT: 0 of 11 rows were measured\n")


@pytest.mark.usefixtures("small_limits")
def test_a_signal_that_is_lost_in_a_callback_counts_before_the_next_row(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = planning.measure_decode

    def deaf(workshop: Workshop, size: tuple[int, int]) -> Row:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        return real(workshop, size)

    monkeypatch.setattr(planning, "measure_decode", deaf)
    monkeypatch.setattr(planning, "measure_colour", lambda *_: pytest.fail("it goes on"))
    options = BenchOptions(sizes=(SIZE,), packs=(str(pack.folder),), seconds=0.1, device="cpu")
    with pytest.raises(Interrupted):
        run_bench(options, *silent())


@pytest.mark.parametrize("given", ["json_file", "plot"])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_measured(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_run, "choose_compute", lambda _: pytest.fail("the work has begun"))
    (tmp_path / "file").write_text("")
    options = BenchOptions(**{given: tmp_path / "file" / "bench.png"})
    with pytest.raises(TrainingError, match="can't write"):
        run_bench(options, *silent())


def test_a_plot_that_cannot_be_drawn_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_run, "choose_compute", lambda _: pytest.fail("the work has begun"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(BenchError, match="--plot needs matplotlib"):
        run_bench(BenchOptions(plot=tmp_path / "bench.png"), *silent())


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_other_runtimes_paint_the_same(name: str, pack: Pack, tmp_path: Path) -> None:
    pytest.importorskip(name)
    if name == "onnxruntime":
        pytest.importorskip("onnx")
    workshop = Workshop(choose_compute("cpu"), 0.1, 0.2)
    rgb = workshop.frames(SIZE)[0].rgb
    painted = RUNTIMES[name](pack, SIZE, workshop.compute, tmp_path)(rgb)
    ours = OneStyle(pack, SIZE, torch.float32)(rgb)
    assert (torch.from_numpy(painted).float() - ours.float()).abs().mean() < 2.0
    measured = measure_runtime(workshop, name, pack, SIZE)
    assert (measured.subject.who, measured.subject.stage) == (name, "network")
    assert measured.timings.fps > 0


def test_other_runtimes_get_what_the_engine_paints(pack: Pack) -> None:
    compute = choose_compute("cpu")
    rgb = record_clip(SIZE, 1).frames("cpu", 1)[0].rgb
    ours = Engine(pack, compute).paint(rgb, even_shares(pack, 1)).float()
    theirs = OneStyle(pack, SIZE, torch.float32)(rgb).float()
    assert (ours - theirs).abs().mean() < 2.0


# What comes out


def test_the_table_has_all_columns_and_the_ratio() -> None:
    out = StringIO()
    result = result_of(
        row("murai", "pipeline", 40.0), row("murai", "pipeline", 20.0, styles=2), row("peer", "pipeline", 4.0)
    )
    show_result(result, Console(file=out))
    told = out.getvalue()
    assert ratios(result) == ["96x64: 10.0 times the usual script (tiny)"]
    assert "2 cores of A processor; cpu float32" in told
    assert "25 % matmul" in told
    assert "openvino: not installed (openvino)" in told
    assert "…" not in told


def panels_of(result: Result, file: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of what is drawn; a panel without a line or a bar fails."""
    titles: list[str] = []
    plain = Figure.savefig

    def save(figure: Figure, *words: Any, **more: Any) -> None:
        assert all(axes.lines or axes.patches for axes in figure.axes)
        titles.extend(axes.get_title() for axes in figure.axes)
        plain(figure, *words, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Figure, "savefig", save)
        write_plot(result, file)
    return titles


def test_the_plot_has_the_panels_that_there_is_something_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    quick = [row("murai", stage, fps) for stage, fps in (("network", 60.0), ("pipeline", 40.0))]
    more = [row("murai", "pipeline", 10.0, (1280, 720)), row("murai", "pipeline", 30.0, styles=2)]
    all_titles = ["by size (tiny)", "by styles that are mixed", "by pack (96x64)"]
    for rows, titles in (([*quick, *more], all_titles), (quick, all_titles[::2]), (quick[:1], all_titles[:1])):
        assert panels_of(result_of(*rows), tmp_path / f"{len(rows)}.png", monkeypatch) == titles
        with Image.open(tmp_path / f"{len(rows)}.png") as plot:
            assert plot.format == "PNG"
    write_plot(result_of(row("murai", "live", 30.0)), tmp_path / "none.png")
    assert "nothing was measured that a plot shows" in caplog.text and not (tmp_path / "none.png").exists()


def test_the_plot_shows_medians_as_the_table_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def save(figure: Figure, file: Path, **more: Any) -> None:
        file.touch()
        for axes in figure.axes[:2]:
            assert axes.get_ylabel() == "ms a picture (p50)"
            assert {float(y) for line in axes.lines for y in np.asarray(line.get_ydata())} == {20.0}

    monkeypatch.setattr(Figure, "savefig", save)
    uneven = Timings([0.02, 0.02, 0.5], 0.54)
    rows = [Row(Subject("murai", "network", SIZE, "tiny", styles), uneven) for styles in (1, 2)]
    write_plot(result_of(*rows), tmp_path / "plot.png")
