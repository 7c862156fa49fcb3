"""Steadying in a graph: the same pictures as without, and nothing in it that CUDA couldn't record."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from murai.stylize.cuda_graph import Recorder
from murai.stylize.steadying import LONGEST_GAP_S, Steadier
from murai.stylize.steadying_graph import GraphMix, open_mix
from murai.stylize.steadying_mix import PlainMix, Shown, Tools, small_picture
from murai.stylize.steadying_pixels import pack
from tests.fakes.graphs import FailingRecorder, PlayedRecorder
from tests.stylize.test_steadying import FRAME_S, HEIGHT, WIDTH, as_bytes, shaken, texture

SHARE = 0.2


def film(count: int, seed: int = 1) -> list[tuple[Tensor, Tensor]]:
    """Pictures that move by 3 px each, with noise, and a painting of each."""
    camera, strokes = texture(seed, 16), texture(seed + 1, 5)
    parts = [slice(n * 3, n * 3 + WIDTH) for n in range(count)]
    return [
        (as_bytes(shaken(camera[..., part], 2.0, 30 + n)), as_bytes(shaken(strokes[..., part], 20.0, 60 + n)))
        for n, part in enumerate(parts)
    ]


def steadier_by(recorder: Recorder) -> Steadier:
    return Steadier(lambda device: GraphMix(recorder))


def test_a_show_is_steadied_as_without_a_graph_one_replay_a_frame() -> None:
    recorder = PlayedRecorder()
    recorded, plain = steadier_by(recorder), Steadier()
    at_s = 0.0
    for n, (camera, painting) in enumerate(film(12)):
        at_s += LONGEST_GAP_S * 2.0 if n == 6 else FRAME_S  # a new beginning in between
        paint = "one" if n < 9 else "another"
        shown = recorded.steady(painting, camera, paint, at_s)
        assert torch.equal(shown, plain.steady(painting, camera, paint, at_s))
    assert recorder.told == ["record", *["replay"] * 9]


def test_another_size_and_back_is_recorded_once_each() -> None:
    recorder = PlayedRecorder()
    recorded, plain = steadier_by(recorder), Steadier()
    for n, (camera, painting) in enumerate(film(9)):
        rows = HEIGHT - 5 if 3 <= n < 6 else HEIGHT
        camera, painting = as_bytes(camera[:, :rows].float()), as_bytes(painting[:, :rows].float())
        shown = recorded.steady(painting, camera, "paint", n * FRAME_S)
        assert torch.equal(shown, plain.steady(painting, camera, "paint", n * FRAME_S))
    assert (recorder.told.count("record"), recorder.told.count("replay")) == (2, 6)


def test_what_is_on_the_screen_is_never_written_to() -> None:
    recorded, held, copies = steadier_by(PlayedRecorder()), [], []
    for n, (camera, painting) in enumerate(film(5)):
        shown = recorded.steady(painting, camera, "paint", n * FRAME_S)
        held += [camera, painting, shown]
        copies += [each.clone() for each in (camera, painting, shown)]
    assert all(torch.equal(one, other) for one, other in zip(held, copies, strict=True))


def test_what_cannot_be_recorded_is_steadied_without(caplog: pytest.LogCaptureFixture) -> None:
    recorded, plain = steadier_by(FailingRecorder([RuntimeError("not while capturing")])), Steadier()
    for n, (camera, painting) in enumerate(film(4)):
        shown = recorded.steady(painting, camera, "paint", n * FRAME_S)
        assert torch.equal(shown, plain.steady(painting, camera, "paint", n * FRAME_S))
    assert [record.getMessage() for record in caplog.records] == ["steadying without a CUDA graph: not while capturing"]


def test_on_a_cpu_nothing_is_recorded() -> None:
    assert isinstance(open_mix(torch.device("cpu")), PlainMix)


class Watched(TorchDispatchMode):
    """Notes the operations that touch another device than the one that is watched."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device
        self.elsewhere: list[str] = []
        self.count = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        self.count += 1
        tensors = [each for each in tree_leaves((args, kwargs, made)) if isinstance(each, Tensor)]
        if any(each.device.type != self._device for each in tensors):
            self.elsewhere.append(str(func))
        return made


def test_nothing_of_it_comes_from_the_host_or_depends_on_what_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """On torch's "meta" device there are shapes but no numbers: who asks for one, as `item` does, gets an error."""

    def blank(dtype: torch.dtype) -> Tensor:
        return torch.empty((HEIGHT + 3, WIDTH + 1, 4), dtype=dtype, device="meta")[:, :, :3].permute(2, 0, 1)

    rgb, fresh = blank(torch.uint8), pack(blank(torch.uint8))
    shown = Shown(torch.empty_like(fresh), small_picture(rgb))
    share = torch.zeros((), device="meta")
    tools = Tools((HEIGHT + 3, WIDTH + 1), torch.device("meta"))

    def sent(*asked: object, **more: object) -> Tensor:
        raise AssertionError("a tensor of numbers on the host is sent to the GPU, which a recording refuses")

    for name in ("tensor", "as_tensor", "from_numpy"):
        monkeypatch.setattr(torch, name, sent)
    with Watched("meta") as watched:
        mixed = tools.mix(shown, fresh, rgb, share)
    assert watched.count > 100
    assert watched.elsewhere == []
    assert (mixed.painting.shape, mixed.camera.shape) == (fresh.shape, shown.camera.shape)


def gpu_show(recorder: Recorder | None) -> list[Tensor]:
    steadier = Steadier() if recorder is None else steadier_by(recorder)
    shown = []
    for n, (camera, painting) in enumerate(film(10)):
        shown.append(steadier.steady(painting.cuda(), camera.cuda(), "paint", n * FRAME_S).cpu())
    return shown


@pytest.mark.gpu
def test_on_a_gpu_a_graph_steadies_as_launches_do(caplog: pytest.LogCaptureFixture) -> None:
    launched = gpu_show(FailingRecorder([RuntimeError("not here")] * 10))
    caplog.clear()
    replayed = gpu_show(None)
    assert not caplog.records, "it could not be recorded"
    for one, other in zip(launched, replayed, strict=True):
        assert float((one.float() - other.float()).abs().mean()) < 0.5


@pytest.mark.gpu
def test_on_a_gpu_steadying_never_waits() -> None:
    steadier, given = Steadier(), [(camera.cuda(), painting.cuda()) for camera, painting in film(10)]
    for n in range(3):
        steadier.steady(given[n][1], given[n][0], "paint", n * FRAME_S)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for n in range(3, 10):
            steadier.steady(given[n][1], given[n][0], "paint", n * FRAME_S)
    finally:
        torch.cuda.set_sync_debug_mode("default")
