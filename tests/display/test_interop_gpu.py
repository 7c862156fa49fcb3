"""Drawing from a GPU's memory: what comes out of OpenGL is the frame, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from murai.core.frame import Frame, Painted
from murai.display.hud import HudState
from murai.display.offscreen import OffscreenCanvas
from murai.display.opengl import renderer_name, vendor_name
from murai.display.renderer import Renderer
from murai.display.view import ViewState
from tests.display.layouts import LAYOUTS, rgbx

pytestmark = pytest.mark.gpu

WIDTH, HEIGHT = 640, 360
Picture = NDArray[np.uint8]


def noise(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def on_gpu(host: torch.Tensor, stream: torch.cuda.Stream) -> Frame:
    """A frame with its memory laid out as the host's, and written on a stream of somebody else's."""
    with torch.cuda.stream(stream):
        memory = torch.empty(host.untyped_storage().nbytes(), dtype=torch.uint8, device="cuda")
        memory.copy_(torch.empty(0, dtype=torch.uint8).set_(host.untyped_storage()))
        rgb = memory.as_strided(host.shape, host.stride(), host.storage_offset())
        ready = torch.cuda.Event()
        ready.record(stream)
    return Frame(rgb, 0.0, 0, ready)


def need_nvidias_opengl() -> None:
    """Skips where OpenGL is drawn by somebody else, and fails there with MURAI_REQUIRE_GPU=1."""
    if "NVIDIA" in vendor_name():
        return
    why = f"OpenGL is drawn by {renderer_name()}: install the EGL part of NVIDIA's driver"
    if os.environ.get("MURAI_REQUIRE_GPU") == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas:
        renderer = Renderer(canvas)
        yield renderer
        renderer.close()


@pytest.fixture(params=["interop", "host memory"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, renderer: Renderer) -> Iterator[None]:
    """Both ways; each test fails that was to go by interop and didn't."""
    if request.param == "host memory":
        monkeypatch.setattr("murai.display.interop.vendor_name", lambda: "somebody else")
        yield
        return
    need_nvidias_opengl()
    caplog: pytest.LogCaptureFixture = request.getfixturevalue("caplog")
    yield
    lines = [record.getMessage() for record in caplog.records]
    assert not [line for line in lines if "through host memory" in line]


def drawn(renderer: Renderer, painting: Frame, camera: Frame | None = None, view: ViewState | None = None) -> Picture:
    renderer.draw(Painted(painting, camera or painting, ""), view or ViewState(), HudState())
    return renderer.read_back()


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_read_back_is_the_frame(renderer: Renderer, layout: Callable[[Picture], torch.Tensor]) -> None:
    stream = torch.cuda.Stream()
    for seed in range(3):
        assert np.array_equal(drawn(renderer, on_gpu(layout(noise(seed)), stream)), noise(seed))


@pytest.mark.usefixtures("way")
def test_pictures_to_keep_are_the_frame_too_at_any_size(renderer: Renderer) -> None:
    stream = torch.cuda.Stream()
    for seed, (width, height) in enumerate([(1280, 720), (101, 67), (640, 360), (1920, 1080)]):
        frame = on_gpu(rgbx(noise(seed, width, height)), stream)
        assert np.array_equal(renderer.picture(Painted(frame, frame, ""), ViewState()), noise(seed, width, height))


@pytest.mark.usefixtures("way")
def test_painting_and_camera_are_mixed(renderer: Renderer) -> None:
    stream = torch.cuda.Stream()
    frames = (on_gpu(rgbx(noise(1)), stream), on_gpu(rgbx(noise(2)), stream))
    got = drawn(renderer, *frames, ViewState(strength=0.5)).astype(float)
    assert np.abs(got - (noise(1).astype(float) + noise(2)) / 2).max() <= 2


@pytest.mark.usefixtures("way")
def test_a_frame_without_an_event_was_made_in_this_thread(renderer: Renderer) -> None:
    frame = Frame(torch.from_numpy(noise(1)).cuda().permute(2, 0, 1), 0.0, 0)
    assert np.array_equal(drawn(renderer, frame), noise(1))


@pytest.mark.usefixtures("way")
def test_frames_that_take_long_are_waited_for_and_their_memory_is_not_reused(renderer: Renderer) -> None:
    """Each is painted late and let go early, and others take memory of the same size meanwhile."""
    stream = torch.cuda.Stream()
    for grey in range(40):
        with torch.cuda.stream(stream):
            torch.cuda._sleep(5_000_000)
            memory = torch.full((HEIGHT, WIDTH, 4), grey, dtype=torch.uint8, device="cuda")
            ready = torch.cuda.Event()
            ready.record(stream)
        frame = Frame(memory.permute(2, 0, 1)[:3], 0.0, 0, ready)
        del memory
        renderer.draw(Painted(frame, frame, ""), ViewState(), HudState())
        with torch.cuda.stream(stream):
            torch.full((HEIGHT, WIDTH, 4), 255, dtype=torch.uint8, device="cuda")
        assert (renderer.read_back() == grey).all()


@pytest.mark.usefixtures("way")
def test_memory_stays_flat(renderer: Renderer) -> None:
    stream = torch.cuda.Stream()
    frames = [on_gpu(rgbx(noise(seed)), stream) for seed in range(4)]
    used = []
    for number in range(2000):
        frame = frames[number % 4]
        painted = Painted(Frame(frame.rgb, 0.0, number, frame.ready), frame, "")
        renderer.draw(painted, ViewState(strength=0.5), HudState())
        if number % 500 == 499:
            torch.cuda.synchronize()
            used.append((torch.cuda.memory_allocated(), torch.cuda.mem_get_info()[0]))
    assert len({allocated for allocated, _ in used}) == 1
    assert used[0][1] - used[-1][1] < 64 << 20


def test_nothing_large_leaves_the_gpu(renderer: Renderer) -> None:
    """By torch's profile of 300 frames drawn by interop."""
    need_nvidias_opengl()
    stream = torch.cuda.Stream()
    frames = [on_gpu(rgbx(noise(seed)), stream) for seed in range(4)]
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        for number in range(300):
            frame = frames[number % 4]
            renderer.draw(Painted(Frame(frame.rgb, 0.0, number, frame.ready), frame, ""), ViewState(), HudState())
        torch.cuda.synchronize()
    names = [event.key for event in profile.key_averages()]
    assert not [name for name in names if "DtoH" in name or "HtoD" in name]
