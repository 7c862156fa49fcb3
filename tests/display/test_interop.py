"""Frames in GPU memory on their way into textures: OpenGL is real, the GPU a stand-in that holds CUDA to its rules."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from murai.core.frame import Frame, Painted
from murai.display.hud import HudState
from murai.display.offscreen import OffscreenCanvas
from murai.display.recorder import Recorder
from murai.display.renderer import Renderer
from murai.display.view import ViewState
from murai.errors import DisplayError
from tests.display.layouts import LAYOUTS, rgbx
from tests.fakes.cuda_graphics import GRAPHICS_CALLS, StandInGpu, install

WIDTH, HEIGHT, STREAM = 40, 24, 0x5EED
Picture = NDArray[np.uint8]
Draw = Callable[..., Picture]
A_COPY = ["cudaGraphicsMapResources", "cudaGraphicsSubResourceGetMappedArray", "cudaMemcpy2DToArrayAsync"]
A_COPY += ["cudaGraphicsUnmapResources"]


def noise(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> StandInGpu:
    return install(monkeypatch)


@pytest.fixture
def draw(gpu: StandInGpu) -> Iterator[Draw]:
    """Draws a frame as painting and, where the view wants it, another as camera; what came out."""
    with OffscreenCanvas((WIDTH, HEIGHT)) as canvas:
        renderer = Renderer(canvas)

        def run(painting: Frame, camera: Frame | None = None, view: ViewState | None = None) -> Picture:
            renderer.draw(Painted(painting, camera or painting, "wave"), view or ViewState(), HudState())
            return renderer.read_back()

        yield run
        renderer.close()
        assert not gpu.resources, "a texture stayed registered"
        assert gpu.names.count(A_COPY[0]) - gpu.refused == gpu.names.count(A_COPY[-1])


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_frames_may_lie_in_gpu_memory_in_any_way(
    draw: Draw, gpu: StandInGpu, layout: Callable[[Picture], torch.Tensor]
) -> None:
    assert np.array_equal(draw(gpu.frame(layout(noise(1)))), noise(1))
    assert "cudaMemcpy2DToArrayAsync" in gpu.names


def test_a_frame_is_copied_on_the_displays_stream_between_map_and_unmap(draw: Draw, gpu: StandInGpu) -> None:
    frame = gpu.frame(rgbx(noise(1)))
    draw(frame)
    assert gpu.names == [
        "cudaGLGetDevices",
        "wait_event",
        "record_stream",
        "cudaGraphicsGLRegisterImage",
        *A_COPY,
    ]
    assert gpu.calls[1:3] == [("wait_event", STREAM, frame.ready), ("record_stream", STREAM, frame.rgb.data_ptr())]
    resource = gpu.resources[0]
    assert gpu.calls[4:6] == [
        ("cudaGraphicsMapResources", 1, resource, STREAM),
        ("cudaGraphicsSubResourceGetMappedArray", resource, 0, 0),
    ]
    # From where the painting lies, without a copy between.
    copy = ("cudaMemcpy2DToArrayAsync", resource, 0, 0, frame.rgb.data_ptr(), WIDTH * 4, WIDTH * 4, HEIGHT, 3, STREAM)
    assert gpu.calls[6:] == [copy, ("cudaGraphicsUnmapResources", 1, resource, STREAM)]


def test_a_texture_is_registered_once_and_the_host_never_waits(draw: Draw, gpu: StandInGpu) -> None:
    for seed in range(5):
        assert np.array_equal(draw(gpu.frame(rgbx(noise(seed)))), noise(seed))
    assert gpu.names.count("cudaGraphicsGLRegisterImage") == gpu.names.count("cudaGLGetDevices") == 1
    assert gpu.names.count("cudaMemcpy2DToArrayAsync") == 5
    assert "synchronize" not in gpu.names


def test_the_same_frame_is_not_copied_again(draw: Draw, gpu: StandInGpu) -> None:
    frame = gpu.frame(rgbx(noise(1)))
    draw(frame)
    before = list(gpu.names)
    assert np.array_equal(draw(frame), noise(1))
    assert gpu.names == before


def test_storage_of_another_size_is_registered_anew(draw: Draw, gpu: StandInGpu) -> None:
    draw(gpu.frame(rgbx(noise(1))))
    gpu.calls.clear()
    draw(gpu.frame(rgbx(noise(2, WIDTH * 2, HEIGHT * 2))))
    assert gpu.names[2:4] == ["cudaGraphicsUnregisterResource", "cudaGraphicsGLRegisterImage"]
    assert np.array_equal(draw(gpu.frame(rgbx(noise(3)))), noise(3))


def test_camera_and_painting_have_textures_of_their_own(draw: Draw, gpu: StandInGpu) -> None:
    painting, camera = noise(1), noise(2)
    for _ in range(2):
        frames = (gpu.frame(rgbx(painting)), gpu.frame(rgbx(camera)))
        got = draw(*frames, ViewState(strength=0.5)).astype(float)
        assert np.abs(got - (painting.astype(float) + camera) / 2).max() <= 1
    assert len(gpu.resources) == 2
    assert gpu.names.count("cudaGLGetDevices") == 1


def test_a_frame_without_an_event_is_waited_for_on_the_stream_that_made_it(draw: Draw, gpu: StandInGpu) -> None:
    assert np.array_equal(draw(gpu.frame(rgbx(noise(1)), ready=False)), noise(1))
    assert gpu.calls[1] == ("wait_stream", STREAM, 0)


def test_frames_in_host_memory_may_come_between(draw: Draw, gpu: StandInGpu) -> None:
    draw(gpu.frame(rgbx(noise(1))))
    host = Frame(torch.from_numpy(noise(2, WIDTH, HEIGHT)).permute(2, 0, 1), 0.0, 1)
    assert np.array_equal(draw(host), noise(2))
    assert not gpu.resources
    assert np.array_equal(draw(gpu.frame(rgbx(noise(3)))), noise(3))


def test_paintings_made_in_inference_mode_are_taken(draw: Draw, gpu: StandInGpu) -> None:
    with torch.inference_mode():
        frames = [gpu.frame(layout(noise(1)).clone(memory_format=torch.preserve_format)) for layout in LAYOUTS]
    for frame in frames:
        assert np.array_equal(draw(frame), noise(1))


def test_pictures_to_keep_and_films_show_what_came_by_interop(
    tmp_path: Path, gpu: StandInGpu, painted_of: Callable[..., Painted]
) -> None:
    colours = [np.full((48, 64, 3), 40 + 60 * number, np.uint8) for number in range(3)]
    with OffscreenCanvas((64, 48)) as canvas:
        renderer = Renderer(canvas)
        with Recorder(tmp_path / "show.mp4", canvas, 30.0) as recorder:
            for number in range(30):
                frame = gpu.frame(rgbx(colours[number // 10]))
                painted = Painted(frame, frame, "wave")
                renderer.draw(painted, ViewState(), HudState())
                recorder.capture(number / 30)
                canvas.swap()
                large = gpu.frame(rgbx(noise(number, 100, 30)))
                assert np.array_equal(renderer.picture(Painted(large, large, ""), ViewState()), noise(number, 100, 30))
                assert np.array_equal(renderer.picture(painted, ViewState(mirror=True)), colours[number // 10])
        renderer.close()
    with av.open(str(tmp_path / "show.mp4")) as film:
        shown = [round(float(frame.to_ndarray(format="rgb24").mean())) for frame in film.decode(video=0)]
    assert shown == sorted(shown)
    assert np.allclose([shown[0], shown[-1]], [40, 160], atol=3)


@pytest.mark.parametrize("raising", [False, True])
@pytest.mark.parametrize("call", GRAPHICS_CALLS)
def test_a_call_that_fails_is_told_once_and_the_show_goes_on(
    draw: Draw, gpu: StandInGpu, caplog: pytest.LogCaptureFixture, call: str, raising: bool
) -> None:
    gpu.failing, gpu.raising = call, raising
    for seed in range(3):
        painting, camera = noise(seed), noise(seed + 10)
        frames = (gpu.frame(rgbx(painting)), gpu.frame(rgbx(camera)))
        got = draw(*frames, ViewState(strength=0.5)).astype(float)
        assert np.abs(got - (painting.astype(float) + camera) / 2).max() <= 1
    (line,) = warnings_in(caplog)
    assert "through host memory" in line
    assert call in line
    assert gpu.names.count(call) == 1


@pytest.mark.parametrize("call", GRAPHICS_CALLS[2:])
def test_a_call_that_fails_in_the_middle_of_the_show_is_no_different(
    draw: Draw, gpu: StandInGpu, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    both = ViewState(strength=0.5)
    draw(gpu.frame(rgbx(noise(1))), gpu.frame(rgbx(noise(2))), both)
    gpu.failing = call
    for seed in (3, 4):
        assert np.array_equal(draw(gpu.frame(rgbx(noise(seed)))), noise(seed))
    got = draw(gpu.frame(rgbx(noise(5))), gpu.frame(rgbx(noise(6))), both).astype(float)
    assert np.abs(got - (noise(5).astype(float) + noise(6)) / 2).max() <= 1
    (line,) = warnings_in(caplog)
    assert call in line


def test_what_cannot_be_unregistered_does_not_stop_the_show(draw: Draw, gpu: StandInGpu) -> None:
    draw(gpu.frame(rgbx(noise(1))))
    gpu.failing = "cudaGraphicsUnregisterResource"
    draw(gpu.frame(rgbx(noise(2, WIDTH * 2, HEIGHT * 2))))
    assert np.array_equal(draw(gpu.frame(rgbx(noise(3)))), noise(3))
    gpu.resources.clear()


def test_the_way_through_host_memory_waits_for_its_own_copy_alone(
    draw: Draw, gpu: StandInGpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu.devices = [1]
    frame = gpu.frame(rgbx(noise(1)))
    assert np.array_equal(draw(frame), noise(1))
    assert gpu.calls[1:] == [
        ("wait_event", STREAM, frame.ready),
        ("record_stream", STREAM, frame.rgb.data_ptr()),
        ("record", STREAM),
        ("synchronize",),
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_layouts_come_through_host_memory_too(
    draw: Draw, gpu: StandInGpu, layout: Callable[[Picture], torch.Tensor]
) -> None:
    gpu.devices = []
    assert np.array_equal(draw(gpu.frame(layout(noise(1)))), noise(1))
    larger = noise(2, WIDTH * 2, HEIGHT * 2)
    draw(gpu.frame(layout(larger)))
    assert np.array_equal(draw(gpu.frame(layout(noise(3)))), noise(3))


def test_an_opengl_that_is_not_nvidias_is_not_even_asked(
    draw: Draw, gpu: StandInGpu, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("murai.display.interop.vendor_name", lambda: "Mesa")
    for seed in range(2):
        assert np.array_equal(draw(gpu.frame(rgbx(noise(seed)))), noise(seed))
    assert not set(gpu.names) & set(GRAPHICS_CALLS)
    (line,) = warnings_in(caplog)
    assert "OpenGL is drawn by" in line


def test_without_cuda_bindings_the_reason_says_what_to_install(
    draw: Draw, gpu: StandInGpu, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    assert np.array_equal(draw(gpu.frame(rgbx(noise(1)))), noise(1))
    (line,) = warnings_in(caplog)
    assert "extra cuda12 or cuda13" in line


def test_painting_and_drawing_on_two_gpus_is_told(
    draw: Draw, gpu: StandInGpu, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.devices = [1, 2]
    assert np.array_equal(draw(gpu.frame(rgbx(noise(1)))), noise(1))
    assert "CUDA's devices [1, 2], and painting runs on device 0" in warnings_in(caplog)[0]


def test_a_release_of_cuda_bindings_that_registers_nothing_is_found_out(
    draw: Draw, gpu: StandInGpu, caplog: pytest.LogCaptureFixture
) -> None:
    gpu.null = True
    assert np.array_equal(draw(gpu.frame(rgbx(noise(1)))), noise(1))
    assert "install another release of cuda-bindings" in warnings_in(caplog)[0]


def test_working_interop_is_told_without_a_warning(
    draw: Draw, gpu: StandInGpu, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "murai.display.interop"):
        draw(gpu.frame(rgbx(noise(1))))
    assert [record.getMessage() for record in caplog.records if "stay on the GPU" in record.getMessage()]
    assert not warnings_in(caplog)


def test_a_picture_larger_than_the_driver_takes_is_told(draw: Draw, gpu: StandInGpu) -> None:
    with pytest.raises(DisplayError, match="can't show pictures of 70000x2 px"):
        draw(gpu.frame(rgbx(np.zeros((2, 70_000, 3), np.uint8))))


def test_a_gpu_that_has_died_is_one_line(draw: Draw, gpu: StandInGpu, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu.devices = []

    def dead(*_: object) -> None:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr("murai.display.interop_stream.DisplayStream.fetch", dead)
    with pytest.raises(DisplayError, match=r"can't be fetched from the GPU: CUDA error.*dmesg"):
        draw(gpu.frame(rgbx(noise(1))))
