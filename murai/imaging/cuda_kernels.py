"""CUDA C, compiled where it runs and launched among torch's own kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from murai.errors import HardwareError

if TYPE_CHECKING:
    import torch


class CudaKernels:
    """Kernels of one source text, compiled by CuPy for the current GPU. Used by any thread.

    source: CUDA C with `extern "C" __global__` functions; no headers are needed, none may be there.
    names: of these functions.
    defines: as for a compiler's -D, "NAME" or "NAME=VALUE".

    Raises:
        HardwareError: CuPy is missing, or can't compile here; it says why.
    """

    def __init__(self, source: str, names: Sequence[str], defines: Sequence[str] = ()) -> None:
        try:
            import cupy
            from cupy.cuda.compiler import CompileException

            # Products and sums stay apart, so that NumPy can be asked for the very same numbers.
            options = ("--std=c++17", "--fmad=false", *(f"-D{define}" for define in defines))
        except (ImportError, OSError, RuntimeError) as error:
            raise HardwareError(f"CuPy can't be used: {error}", "install the extra cuda12 or cuda13") from error
        self._cupy = cupy
        try:
            module = cupy.RawModule(code=source, options=options)
            self._functions = {name: module.get_function(name) for name in names}
        except (CompileException, ImportError, OSError, RuntimeError) as error:
            raise HardwareError(f"CuPy can't compile for this GPU: {error}", "reinstall its extra") from error

    def launch(self, name: str, grid: tuple[int, ...], block: tuple[int, ...], arguments: Sequence[Any]) -> None:
        """Puts a kernel behind what torch's current stream has to do; a CUDA graph being captured takes it in.

        arguments: NumPy scalars of exactly the parameters' types; pointers as `numpy.uint64`, of tensors that
            live until torch has more work on this very stream.
        """
        import torch

        with as_cupy(self._cupy, torch.cuda.current_stream()):
            self._functions[name](grid, block, tuple(arguments))


def as_cupy(cupy: Any, stream: torch.cuda.Stream) -> Any:
    """A stream of torch's for CuPy, as a context in which it is the current one. cupy: the module."""
    address = int(stream.cuda_stream)
    if hasattr(cupy.cuda.Stream, "from_external"):  # from CuPy 14 on, which warns of what came before it
        return cupy.cuda.Stream.from_external(_Address(address))
    return cupy.cuda.ExternalStream(address, stream.device_index)


class _Address:
    """A stream for whoever asks by CUDA's stream protocol; not every torch that may be here answers to it."""

    def __init__(self, address: int) -> None:
        self._address = address

    def __cuda_stream__(self) -> tuple[int, int]:
        return 0, self._address
