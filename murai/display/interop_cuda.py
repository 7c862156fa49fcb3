"""The calls of CUDA's runtime that let it write into OpenGL's textures, by cuda-bindings. CuPy and torch have none.

All of them need the OpenGL context current in the calling, the main, thread.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from murai.display.opengl import GL

_MOST_DEVICES = 16


class InteropFailed(Exception):
    """CUDA can't write into OpenGL's textures here; the show goes on through host memory."""


class CudaGraphics:
    """The few calls, each checked. Owned by the main thread.

    Handles that come back are cuda-bindings' own objects and are handed on as they are: it takes a bare
    number for a pointer to handles.

    Raises (every call):
        InteropFailed: with the name of the call and what CUDA says.
    """

    def __init__(self, runtime: ModuleType) -> None:
        self._runtime: Any = runtime

    def devices(self) -> list[int]:
        """CUDA's numbers of the devices that the current OpenGL context draws with."""
        every = self._runtime.cudaGLDeviceList.cudaGLDeviceListAll
        count, devices = self._call("cudaGLGetDevices", _MOST_DEVICES, every)
        return [int(device) for device in devices[:count]]

    def register(self, texture: int) -> Any:
        """A handle to a 2D texture's present storage, which CUDA will write as a whole and never read."""
        discard = self._runtime.cudaGraphicsRegisterFlags.cudaGraphicsRegisterFlagsWriteDiscard
        (resource,) = self._call("cudaGraphicsGLRegisterImage", texture, int(GL.GL_TEXTURE_2D), int(discard))
        if not int(resource):  # so did 12.9.3 and 13.0.2, whose graphics calls do nothing
            raise InteropFailed("cudaGraphicsGLRegisterImage gave no handle: install another release of cuda-bindings")
        return resource

    def unregister(self, resource: Any) -> None:
        self._call("cudaGraphicsUnregisterResource", resource)

    def map(self, resource: Any, stream: int) -> None:
        """What OpenGL was told before is done before anything that is queued on the stream from now on."""
        self._call("cudaGraphicsMapResources", 1, resource, stream)

    def unmap(self, resource: Any, stream: int) -> None:
        """What is queued on the stream is done before anything that OpenGL is told from now on."""
        self._call("cudaGraphicsUnmapResources", 1, resource, stream)

    def mapped_array(self, resource: Any) -> Any:
        """The texture's storage; it may be another one each time that it is mapped."""
        (array,) = self._call("cudaGraphicsSubResourceGetMappedArray", resource, 0, 0)
        return array

    def copy(self, array: Any, address: int, pitch_bytes: int, size: tuple[int, int], stream: int) -> None:
        """Queues a copy of rows on the device into the array. size: bytes in a row, and rows."""
        within = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToDevice
        self._call("cudaMemcpy2DToArrayAsync", array, 0, 0, address, pitch_bytes, *size, within, stream)

    def _call(self, name: str, *arguments: Any) -> list[Any]:
        results: list[Any]
        try:
            status, *results = getattr(self._runtime, name)(*arguments)
        # Without a driver, releases before 12.9 raise the first; a code that they don't know gives the others.
        except (RuntimeError, ValueError, LookupError) as fault:
            raise InteropFailed(f"{name}: {fault}") from fault
        if int(status):
            raise InteropFailed(f"{name} answered {status.name}")
        return results


def load_cuda_graphics() -> CudaGraphics:
    """Loads cuda-bindings.

    Raises:
        InteropFailed: it isn't installed or can't be loaded.
    """
    try:
        from cuda.bindings import runtime
    except (ImportError, OSError, RuntimeError) as fault:
        raise InteropFailed(
            f"cuda-bindings can't be loaded ({fault}): install murai with its extra cuda12 or cuda13"
        ) from fault
    return CudaGraphics(runtime)
