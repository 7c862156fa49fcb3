"""Every call of torch.jit, and the reason for it.

A scripted and frozen network runs without the interpreter between its layers: the stylist holds the
GIL for microseconds a frame, so that capture and drawing are not kept waiting. torch marks TorchScript
as deprecated from 2.11 on. What would replace it here is `torch.export` with AOTInductor, which needs
a C++ compiler where packs are loaded; kiosks have none.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from murai.networks.folded import FoldedPainter, paint_folded
from murai.networks.folded_cpu import FusedPainter


def compile_painter(dtype: torch.dtype) -> torch.jit.ScriptModule:
    """A `FoldedPainter`, scripted and frozen, and called like it."""
    return _frozen(FoldedPainter(dtype))


def compile_fused(dtype: torch.dtype) -> torch.jit.ScriptModule:
    """A `FusedPainter`, scripted and frozen, and called like it."""
    return _frozen(FusedPainter(dtype))


def compile_middle() -> Callable[[Tensor, Tensor, list[Tensor], list[Tensor]], Tensor]:
    """`paint_folded`, scripted."""
    with _without_its_warnings():
        scripted: Callable[[Tensor, Tensor, list[Tensor], list[Tensor]], Tensor] = torch.jit.script(paint_folded)
    return scripted


def script(module: nn.Module) -> torch.jit.ScriptModule:
    """A module as TorchScript."""
    with _without_its_warnings():
        scripted: torch.jit.ScriptModule = torch.jit.script(module)
    return scripted


def _frozen(module: nn.Module) -> torch.jit.ScriptModule:
    scripted = script(module.eval())
    with _without_its_warnings():
        frozen: torch.jit.ScriptModule = torch.jit.freeze(scripted)
        # Written and read again: freezing drops the methods that it has inlined, but keeps pointers to them for
        # the traceback of an error, and the process dies of following one.
        clean: torch.jit.ScriptModule = torch.jit.load(io.BytesIO(to_bytes(frozen)))  # type: ignore[no-untyped-call]
    return clean


def to_bytes(scripted: torch.jit.ScriptModule) -> bytes:
    """What `torch.jit.load` reads."""
    buffer = io.BytesIO()
    with _without_its_warnings():
        torch.jit.save(scripted, buffer)
    return buffer.getvalue()


@contextmanager
def _without_its_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit.*")
        yield
