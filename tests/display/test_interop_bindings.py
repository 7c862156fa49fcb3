"""The calls as cuda-bindings itself takes them, where it is installed; that needs no GPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from murai.display.interop_cuda import CudaGraphics, InteropFailed, load_cuda_graphics

if torch.cuda.is_available():
    pytest.skip("a driver would take the made-up handles for real ones", allow_module_level=True)
runtime: Any = pytest.importorskip("cuda.bindings.runtime", reason="cuda-bindings (extra cuda12 or cuda13) is missing")


class Watched:
    """The module, whose answers are kept."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Any, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(runtime, name)
        if not callable(found) or isinstance(found, type):
            return found

        def call(*arguments: Any) -> tuple[Any, ...]:
            self.answers[name] = found(*arguments)
            return self.answers[name]

        return call


def test_every_call_takes_its_arguments_and_gives_as_many_results() -> None:
    """Without a driver each fails, but only after its arguments were taken; a wrong type is a TypeError."""
    watched: Any = Watched()
    graphics = CudaGraphics(watched)
    resource, array = runtime.cudaGraphicsResource_t(0), runtime.cudaArray_t(0)
    assert int(resource) == 0
    for call, arguments in (
        (graphics.devices, ()),
        (graphics.register, (1,)),
        (graphics.map, (resource, 0x5EED)),
        (graphics.mapped_array, (resource,)),
        (graphics.copy, (array, 0x1000, 256, (160, 24), 0x5EED)),
        (graphics.unmap, (resource, 0x5EED)),
        (graphics.unregister, (resource,)),
    ):
        with pytest.raises(InteropFailed, match=r"^cuda\w+(: | answered cudaError)"):
            call(*arguments)
    results = {name: len(answer) - 1 for name, answer in watched.answers.items()}
    wanted = {"cudaGLGetDevices": 2, "cudaGraphicsGLRegisterImage": 1, "cudaGraphicsSubResourceGetMappedArray": 1}
    assert all(count == wanted.get(name, 0) for name, count in results.items())


def test_it_can_be_loaded() -> None:
    assert isinstance(load_cuda_graphics(), CudaGraphics)
