"""The engine against the plain network, and what it does once instead of for every frame."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from murai.errors import HardwareError
from murai.hardware import Compute
from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.folded import FoldedStyle, Folding, fold_statistics
from murai.networks.style import FixedAffine, StyleNetwork, StyleNetworkSpec
from murai.stylize import engine as engine_module
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack, load_weights, read_pack
from murai.stylize.pack_writer import write_pack
from murai.stylize.painters import Painter
from murai.stylize.painters_choice import Way
from murai.stylize.torchscript import compile_painter
from tests.fakes.packs import tiny_contents, write_tiny_pack

CPU = Compute("cpu", "float32", 1, "for tests")

# How far a painting may be from the plain one in float32, in steps of 255.
DEVICES = [
    pytest.param(CPU, 0.51, id="cpu-float32"),
    pytest.param(Compute("cpu", "bfloat16", 1, "for tests"), 16.0, id="cpu-bfloat16"),
    pytest.param(Compute("cuda", "float32", 1, "for tests"), 2.0, id="cuda-float32", marks=pytest.mark.gpu),
    pytest.param(Compute("cuda", "float16", 1, "for tests"), 8.0, id="cuda-float16", marks=pytest.mark.gpu),
]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("packs") / "two-blocks"
    write_pack(folder, tiny_contents(3, StyleNetworkSpec(width=0.5, blocks=2)))
    return read_pack(folder)


def drawn(height: int, width: int) -> Tensor:
    """(3, H, W) uint8 noise, as a view of interleaved memory."""
    random = torch.Generator().manual_seed(width)
    return torch.randint(0, 256, (height, width, 3), generator=random, dtype=torch.uint8).permute(2, 0, 1)


def mixed(pack: Pack, shares: list[float]) -> dict[str, Tensor]:
    """The usual vectors of a mix, (V,) each; deviations are mixed by their logarithms."""
    weights, parts = load_weights(pack), torch.tensor(shares)
    linear = {name: parts @ getattr(weights, name) for name in ("scale", "shift", "mean")}
    return linear | {"deviation": (parts @ weights.deviation.log()).exp()}


def plain(pack: Pack, rgb: Tensor, shares: list[float]) -> Tensor:
    """What the plain network paints with the usual statistics: (3, H, W) float from 0 to 255."""
    network = StyleNetwork(pack.facts.network.spec, FixedAffine)
    network.load_state_dict(load_weights(pack).network.state_dict())
    return painted_by(network, rgb, *fold_statistics(**mixed(pack, shares)))


def with_own_statistics(pack: Pack, rgb: Tensor, shares: list[float]) -> Tensor:
    """What instance norm paints."""
    vectors = mixed(pack, shares)
    return painted_by(load_weights(pack).network, rgb, vectors["scale"], vectors["shift"])


@torch.no_grad()
def painted_by(network: StyleNetwork, rgb: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    canvas = draw_canvas(*canvas_size(rgb.shape[1], rgb.shape[2]))
    painted: Tensor = network(rgb[None] / 255.0, canvas, scale[None], shift[None])[0] * 255.0
    return painted


def apart(one: Tensor, other: Tensor) -> float:
    """Mean difference in steps of 255."""
    return float((one.float() - other.float()).abs().mean())


@pytest.mark.parametrize("shares", [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.2, 0.5, 0.3]])
@pytest.mark.parametrize(("compute", "within"), DEVICES)
def test_it_paints_like_the_plain_network(pack: Pack, compute: Compute, within: float, shares: list[float]) -> None:
    engine, rgb = Engine(pack, compute), drawn(45, 62)
    expected = plain(pack, rgb, shares)
    assert float(expected.std()) > 20.0
    for _ in range(4):  # TorchScript runs another program from the second or third time on
        painted = engine.paint(rgb.to(compute.device), shares)
        assert painted.device.type == compute.device
        assert painted.dtype == torch.uint8
        assert painted.stride() == (1, 4 * 62, 4)  # RGBx, which OpenGL reads as it is
        assert float((painted.cpu().float() - expected).abs().max()) <= within


def test_frames_of_any_size_are_painted_one_after_another(pack: Pack) -> None:
    engine = Engine(pack, CPU)
    for height, width in [(32, 48), (33, 47), (20, 50), (64, 36), (33, 47)]:
        rgb = drawn(height, width)
        painted = engine.paint(rgb, [0.0, 1.0, 0.0])
        assert float((painted.float() - plain(pack, rgb, [0.0, 1.0, 0.0])).abs().max()) <= 0.51


def test_size_and_shares_may_change_at_once(pack: Pack) -> None:
    engine = Engine(pack, CPU)
    for size, shares in [((32, 48), [1.0, 0.0, 0.0]), ((40, 24), [0.0, 1.0, 0.0]), ((40, 24), [0.0, 0.0, 1.0])]:
        rgb = drawn(*size)
        assert float((engine.paint(rgb, shares).float() - plain(pack, rgb, shares)).abs().max()) <= 0.51


def test_other_shares_give_another_picture_and_the_same_ones_the_same(pack: Pack) -> None:
    engine, rgb = Engine(pack, CPU), drawn(32, 32)
    first = engine.paint(rgb, [1.0, 0.0, 0.0])
    second = engine.paint(rgb, [0.5, 0.5, 0.0])
    assert float((first.float() - second.float()).abs().mean()) > 2.0
    assert torch.equal(engine.paint(rgb, [1.0, 0.0, 0.0]), first)


def test_the_style_is_folded_when_the_shares_change_and_not_for_every_frame(
    pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    folded = count_folding(monkeypatch)
    engine, rgb = Engine(pack, CPU), drawn(16, 16)
    for shares in ([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]):
        engine.paint(rgb, list(shares))
    assert len(folded) == 3


def count_folding(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Every scale that is folded from now on."""
    folded: list[Tensor] = []

    class Counted(Folding):
        def fold(self, scale: Tensor, shift: Tensor) -> FoldedStyle:
            folded.append(scale)
            return super().fold(scale, shift)

    monkeypatch.setattr(engine_module, "Folding", Counted)
    return folded


def show(engine: Engine, rgb: Tensor, shares: list[float], seconds: float, begun_s: float = 0.0) -> Tensor:
    """The last painting of a live scene that stands still, at ten frames a second."""
    for frame in range(round(seconds * 10)):
        engine.paint(rgb, shares)
        engine.follow(rgb, shares, begun_s + frame / 10)
    return engine.paint(rgb, shares)


@pytest.mark.parametrize("shares", [[1.0, 0.0, 0.0], [0.2, 0.5, 0.3]])
@pytest.mark.parametrize(("compute", "within"), DEVICES)
def test_a_still_is_painted_with_its_own_statistics(
    pack: Pack, compute: Compute, within: float, shares: list[float]
) -> None:
    engine, rgb = Engine(pack, compute), drawn(45, 62) // 4
    painted = engine.paint_still(rgb.to(compute.device), shares).cpu()
    own = with_own_statistics(pack, rgb, shares)
    assert float((painted.float() - own).abs().max()) <= 2.0 * within
    assert apart(painted, plain(pack, rgb, shares)) > 4.0 * apart(painted, own)


def test_a_still_leaves_the_live_picture_alone(pack: Pack) -> None:
    engine, rgb, shares = Engine(pack, CPU), drawn(40, 48), [0.0, 1.0, 0.0]
    before = engine.paint(rgb, shares)
    engine.paint_still(drawn(60, 70) // 3, [1.0, 0.0, 0.0])
    assert torch.equal(engine.paint(rgb, shares), before)


def test_the_first_picture_is_followed_at_once(pack: Pack) -> None:
    engine, dark, shares = Engine(pack, CPU), drawn(40, 48) // 5, [0.0, 1.0, 0.0]
    assert apart(engine.paint(dark, shares), with_own_statistics(pack, dark, shares)) > 3.0
    engine.follow(dark, shares, 100.0)
    assert apart(engine.paint(dark, shares), with_own_statistics(pack, dark, shares)) < 0.5


def test_a_change_of_scene_is_followed_slowly_and_in_the_end(pack: Pack) -> None:
    engine, bright, shares = Engine(pack, CPU), drawn(40, 48), [1.0, 0.0, 0.0]
    show(engine, bright, shares, 1.0)
    dark = bright // 6
    way = [apart(show(engine, dark, shares, 1.5, 1.0 + 1.5 * n), engine.paint_still(dark, shares)) for n in range(10)]
    unmoved = apart(at_once(pack, bright, dark, shares), engine.paint_still(dark, shares))
    assert unmoved > 10.0
    assert 0.3 * unmoved < way[0] < unmoved
    assert way[9] < 0.05 * unmoved


def at_once(pack: Pack, before: Tensor, now: Tensor, shares: list[float]) -> Tensor:
    """The first painting of a scene that comes after another."""
    engine = Engine(pack, CPU)
    show(engine, before, shares, 1.0)
    return engine.paint(now, shares)


def test_a_mix_is_followed_as_well(pack: Pack) -> None:
    engine, dark, shares = Engine(pack, CPU), drawn(40, 48) // 6, [0.5, 0.0, 0.5]
    painted = show(engine, dark, shares, 20.0)
    assert apart(painted, with_own_statistics(pack, dark, shares)) < 1.0
    assert apart(painted, plain(pack, dark, shares)) > 5.0


def test_what_was_followed_can_be_forgotten(pack: Pack) -> None:
    engine, dark, shares = Engine(pack, CPU), drawn(40, 48) // 6, [1.0, 0.0, 0.0]
    usual = engine.paint(dark, shares)
    show(engine, dark, shares, 2.0)
    assert not torch.equal(engine.paint(dark, shares), usual)
    engine.forget()
    assert torch.equal(engine.paint(dark, shares), usual)


def test_where_nothing_moves_nothing_is_folded_again(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    folded = count_folding(monkeypatch)
    engine, rgb, shares = Engine(pack, CPU), drawn(40, 40), [1.0, 0.0, 0.0]
    show(engine, rgb, shares, 10.0)
    assert len(folded) == 2  # with the usual statistics, and with the first picture's
    show(engine, rgb // 4, shares, 3.0, 10.0)
    assert len(folded) > 10


def test_a_pack_that_holds_its_statistics_is_painted_as_it_is(tmp_path: Path) -> None:
    write_pack(tmp_path / "fixed", tiny_contents(3, StyleNetworkSpec(width=0.5, blocks=2), follow=False))
    pack, dark, shares = read_pack(tmp_path / "fixed"), drawn(40, 48) // 6, [0.0, 0.0, 1.0]
    engine = Engine(pack, CPU)
    assert apart(show(engine, dark, shares, 3.0), plain(pack, dark, shares)) < 0.5
    assert apart(engine.paint_still(dark, shares), plain(pack, dark, shares)) < 0.5


def test_a_painting_is_never_written_to_again(pack: Pack) -> None:
    engine, rgb = Engine(pack, CPU), drawn(24, 24)
    first = engine.paint(rgb, [1.0, 0.0, 0.0])
    kept = first.clone()
    engine.paint(255 - rgb, [1.0, 0.0, 0.0])
    assert torch.equal(first, kept)


def test_a_warm_up_of_another_size_and_style_changes_no_painting(tmp_path: Path) -> None:
    pack, rgb = read_pack(write_tiny_pack(tmp_path / "tiny", styles=1)), drawn(30, 30)
    cold, warm = Engine(pack, CPU), Engine(pack, CPU)
    warm.warm_up((64, 40))
    assert torch.equal(warm.paint(rgb, [1.0]), cold.paint(rgb, [1.0]))


class Offered:
    """Made-up ways to paint beside TorchScript: one a little darker, one of noise, one that isn't there."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.ways = [
            Way("torchscript", "float32", self.open("plain", compile_painter(torch.float32))),
            Way("darker", "bfloat16", self.open("darker", self.darker)),
            Way("noise", "float32", self.open("noise", self.noise)),
            Way("missing", "float32", self.missing),
        ]

    def open(self, name: str, painter: Painter) -> Callable[[], Painter]:
        def opened() -> Painter:
            self.opened.append(name)
            return painter

        return opened

    def darker(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        assert ground.dtype == kernels[0].dtype == torch.bfloat16
        painting = compile_painter(torch.bfloat16)(rgb, ground, kernels, biases)
        return painting.clamp(min=1) - 1

    def noise(self, rgb: Tensor, ground: Tensor, kernels: list[Tensor], biases: list[Tensor]) -> Tensor:
        return torch.randint(0, 256, rgb.shape, dtype=torch.uint8)

    def missing(self) -> Painter:
        raise HardwareError("no such chip", "buy one")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Offered:
    made = Offered()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(engine_module, "ways", lambda compute: made.ways)
    # What takes how long is the test's to say: noise is the quickest, TorchScript the slowest.
    takes_s = {"darker": 0.2, "noise": 0.1}
    monkeypatch.setattr(
        engine_module, "_seconds", lambda device, run: takes_s.get(getattr(run.func, "__name__", ""), 0.3)
    )
    return made


def test_the_quickest_way_is_found_in_warming_up(
    pack: Pack, offered: Offered, caplog: pytest.LogCaptureFixture
) -> None:
    engine, rgb, shares = Engine(pack, CPU), drawn(45, 62), [1.0, 0.0, 0.0]
    assert (engine.name, engine.compute.number_type, offered.opened) == ("torchscript", "float32", ["plain"])
    before = engine.paint(rgb, shares)
    engine.warm_up((62, 45))
    assert (engine.name, engine.compute.number_type) == ("darker", "bfloat16")
    assert apart(engine.paint(rgb, shares), plain(pack, rgb, shares)) < 6.0
    assert not torch.equal(engine.paint(rgb, shares), before)
    assert apart(engine.paint_still(rgb, shares), with_own_statistics(pack, rgb, shares)) < 3.0
    assert "not painting by noise float32: its picture is" in caplog.text
    assert "not painting by missing float32: no such chip" in caplog.text


def test_what_was_found_is_remembered_for_this_size_and_network(pack: Pack, offered: Offered) -> None:
    Engine(pack, CPU).warm_up((62, 45))
    offered.opened.clear()
    again = Engine(pack, CPU)
    again.warm_up((62, 45))
    assert (again.name, offered.opened) == ("darker", ["plain", "darker"])
    again.warm_up((64, 32))
    assert offered.opened == ["plain", "darker", "plain", "darker", "noise"]


def test_a_remembered_way_that_is_gone_is_told_and_another_taken(
    pack: Pack, offered: Offered, caplog: pytest.LogCaptureFixture
) -> None:
    Engine(pack, CPU).warm_up((62, 45))
    offered.ways[1] = Way("darker", "bfloat16", offered.missing)
    engine = Engine(pack, CPU)
    engine.warm_up((62, 45))
    assert engine.name == "torchscript"
    assert "not painting by darker bfloat16: no such chip" in caplog.text


def test_rivals_change_places(pack: Pack, offered: Offered) -> None:
    engine = Engine(pack, Compute("cpu", "float32", 1, "for tests", ("bfloat16",)))
    engine.warm_up((62, 45))
    assert (engine.compute.number_type, engine.compute.rivals) == ("bfloat16", ("float32",))


def test_one_way_alone_is_not_measured(
    pack: Pack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with caplog.at_level(logging.INFO):
        Engine(pack, CPU).warm_up((16, 16))
    assert not (tmp_path / "cache").exists()
    assert "measured" not in caplog.text


def test_what_torch_says_of_torchscript_stays_inside(pack: Pack) -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        Engine(pack, CPU).warm_up((16, 16))
        warnings.warn("torch.jit is still heard outside", DeprecationWarning, stacklevel=1)
    assert [str(warning.message) for warning in said] == ["torch.jit is still heard outside"]


def test_the_painter_is_frozen() -> None:
    painter = compile_painter(torch.float32)
    assert isinstance(painter, torch.jit.ScriptModule)
    assert "prim::GetAttr" not in str(painter.graph)  # type and margin have become constants
