"""Every call of torch.jit, and the reason for it.

A scripted and frozen network runs without the interpreter between its layers: the stylist holds the
GIL for microseconds a frame, so that capture and drawing are not kept waiting. torch marks TorchScript
as deprecated from 2.11 on. What would replace it here is `torch.export` with AOTInductor, which needs
a C++ compiler where packs are loaded; kiosks have none.
"""

from __future__ import annotations

import warnings

import torch

from murai.networks.folded import FoldedPainter


def compile_painter(dtype: torch.dtype) -> torch.jit.ScriptModule:
    """A `FoldedPainter`, scripted and frozen, and called like it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit.*")
        frozen: torch.jit.ScriptModule = torch.jit.freeze(torch.jit.script(FoldedPainter(dtype).eval()))
    return frozen
