"""A GPU that is none: what of CUDA the display calls, recorded and held to its rules, over memory of the host.

OpenGL is the real one, so that what is drawn can be looked at. It stands for `cuda.bindings.runtime` (argument types
and results as in 12.8 to 13.5), for streams and events of `torch.cuda`, and for tensors on device 0.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest
import torch

from murai.core.frame import Frame
from murai.display import interop
from murai.display.interop_stream import DisplayStream
from murai.display.opengl import GL

GRAPHICS_CALLS = (
    "cudaGLGetDevices",
    "cudaGraphicsGLRegisterImage",
    "cudaGraphicsMapResources",
    "cudaGraphicsSubResourceGetMappedArray",
    "cudaMemcpy2DToArrayAsync",
    "cudaGraphicsUnmapResources",
)
Call = tuple[Any, ...]


Status = enum.IntEnum("Status", {"cudaSuccess": 0, "cudaErrorInvalidGraphicsContext": 219})
DeviceList = enum.IntEnum("DeviceList", {"cudaGLDeviceListAll": 1})
RegisterFlags = enum.IntEnum("RegisterFlags", {"cudaGraphicsRegisterFlagsWriteDiscard": 2})
CopyKind = enum.IntEnum("CopyKind", {"cudaMemcpyDeviceToDevice": 3})


@dataclass(eq=False)
class Resource:
    """cudaGraphicsResource_t, and cudaArray_t as well. copy: address and pitch of what is to be in it when unmapped."""

    texture: int
    size_px: tuple[int, int]
    handle: int
    stream: int | None = None
    copy: tuple[int, int] | None = None

    def __int__(self) -> int:
        return self.handle


class Stream:
    """torch.cuda.Stream."""

    def __init__(self, gpu: StandInGpu, cuda_stream: int) -> None:
        self.cuda_stream = cuda_stream
        self.device = torch.device("cuda", 0)
        self._gpu = gpu

    def wait_event(self, event: Event) -> None:
        self._gpu.calls.append(("wait_event", self.cuda_stream, event))

    def wait_stream(self, other: Stream) -> None:
        self._gpu.calls.append(("wait_stream", self.cuda_stream, other.cuda_stream))


class Event:
    """torch.cuda.Event; `synchronize` is what a host must do with no event but its own."""

    def __init__(self, gpu: StandInGpu, mine: bool = False) -> None:
        self._gpu, self._mine = gpu, mine

    def record(self, stream: Stream) -> None:
        self._gpu.calls.append(("record", stream.cuda_stream))

    def synchronize(self) -> None:
        assert self._mine, "the host waits for a painting"
        self._gpu.calls.append(("synchronize",))


@dataclass
class StandInGpu:
    """The calls so far, and what is to go wrong.

    failing: name of a call that answers with an error, or raises it where `raising`.
    devices: those that draw, in CUDA's numbers. null: registering gives no handle, as in two bad releases.
    refused: how often mapping failed. current: streams of the blocks that run.
    """

    calls: list[Call] = field(default_factory=list)
    failing: str = ""
    raising: bool = False
    devices: list[int] = field(default_factory=lambda: [0])
    null: bool = False
    refused: int = 0
    resources: list[Resource] = field(default_factory=list)
    current: list[int] = field(default_factory=lambda: [0])

    @property
    def names(self) -> list[str]:
        return [call[0] for call in self.calls]

    def frame(self, rgb: torch.Tensor, ready: bool = True) -> Frame:
        """(3, H, W) uint8 as a frame in this GPU's memory."""
        pixels = rgb.as_subclass(_tensor_class(self))
        return Frame(pixels, 0.0, 0, Event(self) if ready else None)  # type: ignore[arg-type]

    def runtime(self) -> ModuleType:
        """The module `cuda.bindings.runtime`."""
        module: Any = ModuleType("cuda.bindings.runtime")
        module.cudaGLDeviceList, module.cudaGraphicsRegisterFlags = DeviceList, RegisterFlags
        module.cudaMemcpyKind, module.cudaError_t = CopyKind, Status
        for name in (*GRAPHICS_CALLS, "cudaGraphicsUnregisterResource"):
            setattr(module, name, self._recorded(name))
        return module

    def _recorded(self, name: str) -> Any:
        def call(*arguments: Any) -> tuple[Any, ...]:
            self.calls.append((name, *arguments))
            self.refused += name == self.failing == "cudaGraphicsMapResources"
            if name != self.failing:
                return (Status.cudaSuccess, *getattr(self, "_" + name)(*arguments))
            if self.raising:
                raise RuntimeError(f'Function "{name}" not found')
            results = {"cudaGLGetDevices": 2, "cudaGraphicsGLRegisterImage": 1}
            results["cudaGraphicsSubResourceGetMappedArray"] = 1
            return (Status.cudaErrorInvalidGraphicsContext, *[None] * results.get(name, 0))

        return call

    def _cudaGLGetDevices(self, most: int, which: DeviceList) -> tuple[int, list[int]]:  # noqa: N802
        assert isinstance(which, DeviceList)
        return len(self.devices), [*self.devices, *[0] * (most - len(self.devices))]

    def _cudaGraphicsGLRegisterImage(self, texture: int, target: int, flags: int) -> tuple[Resource]:  # noqa: N802
        assert (target, flags) == (0x0DE1, 2)
        assert all(each.texture != texture for each in self.resources), "registered twice"
        size_px = _storage_px(texture)
        assert 0 not in size_px, "registered without storage"
        resource = Resource(texture, size_px, 0 if self.null else 100 + len(self.calls))
        if not self.null:
            self.resources.append(resource)
        return (resource,)

    def _cudaGraphicsUnregisterResource(self, resource: Resource) -> tuple[()]:  # noqa: N802
        self.resources.remove(resource)
        assert resource.stream is None or self.failing == "cudaGraphicsUnmapResources", "unregistered while mapped"
        assert GL.glIsTexture(resource.texture), "the texture was deleted first"
        assert _storage_px(resource.texture) == resource.size_px, "its storage changed while registered"
        return ()

    def _cudaGraphicsMapResources(self, count: int, resource: Resource, stream: int) -> tuple[()]:  # noqa: N802
        assert count == 1
        assert resource in self.resources
        assert resource.stream is None, "mapped twice"
        assert self.current[-1] == stream, "the stream's device is not the current one"
        resource.stream, resource.copy = stream, None
        return ()

    def _cudaGraphicsSubResourceGetMappedArray(  # noqa: N802
        self, resource: Resource, index: int, level: int
    ) -> tuple[Resource]:
        assert resource.stream is not None
        assert (index, level) == (0, 0)
        return (resource,)

    def _cudaMemcpy2DToArrayAsync(  # noqa: N802
        self, array: Resource, left: int, top: int, address: int, pitch: int, *rest: Any
    ) -> tuple[()]:
        width, height, kind, stream = rest
        assert isinstance(kind, CopyKind)
        assert (left, top, width, height) == (0, 0, array.size_px[0] * 4, array.size_px[1])
        assert pitch >= width
        assert stream == array.stream
        array.copy = (address, pitch)
        return ()

    def _cudaGraphicsUnmapResources(self, count: int, resource: Resource, stream: int) -> tuple[()]:  # noqa: N802
        assert count == 1
        assert resource.stream == stream, "unmapped on another stream, or not mapped"
        resource.stream = None
        if resource.copy is not None:
            _write(resource, *resource.copy)  # as late as CUDA may
        return ()


def _storage_px(texture: int) -> tuple[int, int]:
    with _bound(texture):
        width, height = (
            int(GL.glGetTexLevelParameteriv(GL.GL_TEXTURE_2D, 0, side))
            for side in (GL.GL_TEXTURE_WIDTH, GL.GL_TEXTURE_HEIGHT)
        )
    return width, height


def _write(resource: Resource, address: int, pitch: int) -> None:
    with _bound(resource.texture):
        GL.glPixelStorei(GL.GL_UNPACK_ROW_LENGTH, pitch // 4)
        pixels = GL.GLvoidp(address)
        GL.glTexSubImage2D(GL.GL_TEXTURE_2D, 0, 0, 0, *resource.size_px, GL.GL_RGBA, GL.GL_UNSIGNED_BYTE, pixels)


@contextmanager
def _bound(texture: int) -> Iterator[None]:
    before = GL.glGetIntegerv(GL.GL_TEXTURE_BINDING_2D)
    GL.glBindTexture(GL.GL_TEXTURE_2D, texture)
    yield
    GL.glBindTexture(GL.GL_TEXTURE_2D, before)


def _tensor_class(gpu: StandInGpu) -> type[torch.Tensor]:
    class OnGpu(torch.Tensor):
        device = torch.device("cuda", 0)  # type: ignore[assignment]

        def record_stream(self, stream: Any) -> None:
            gpu.calls.append(("record_stream", stream.cuda_stream, self.data_ptr()))

    return OnGpu


def install(monkeypatch: pytest.MonkeyPatch) -> StandInGpu:
    """Puts the stand-in where torch, cuda-bindings and NVIDIA's OpenGL would be, until the test ends."""
    gpu = StandInGpu()
    bindings: Any = ModuleType("cuda.bindings")
    bindings.runtime = gpu.runtime()
    for name, module in (("cuda", ModuleType("cuda")), ("cuda.bindings", bindings)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", bindings.runtime)
    monkeypatch.setattr(interop, "vendor_name", lambda: "NVIDIA Corporation")

    @contextmanager
    def stream(chosen: Stream) -> Iterator[None]:
        gpu.current.append(chosen.cuda_stream)
        yield
        gpu.current.pop()

    # Those of usual priority are the recorders' of CUDA graphs too.
    monkeypatch.setattr(torch.cuda, "Stream", lambda device, priority: Stream(gpu, {-1: 0x5EED}[priority]))
    monkeypatch.setattr(torch.cuda, "Event", lambda blocking: Event(gpu, mine=True))
    monkeypatch.setattr(torch.cuda, "stream", stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: Stream(gpu, gpu.current[-1]))
    # Page-locked memory needs a driver.
    monkeypatch.setattr(DisplayStream, "host_memory", lambda self, pixels: torch.empty(pixels.shape, dtype=torch.uint8))
    return gpu
