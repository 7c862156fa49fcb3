"""The painters that there are, and the choice among them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import torch

from murai.errors import HardwareError
from murai.hardware import Compute, NumberType
from murai.stylize.cpu_painting import open_cpu_painter
from murai.stylize.cuda_graph import CudaRecorder
from murai.stylize.cuda_painting import KernelPainter
from murai.stylize.graph_painting import GraphPainter
from murai.stylize.painters import Painter
from murai.stylize.painters_measured import Memory, Run, Timer, measure
from murai.stylize.torchscript import compile_painter

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """One way to paint.

    engine: what the log and the figures call it.
    open: makes the painter; raises HardwareError where it can't run here.
    """

    engine: str
    number_type: NumberType
    open: Callable[[], Painter]

    @property
    def name(self) -> str:
        """Of the engine and the number type."""
        return f"{self.engine} {self.number_type}"


def ways(compute: Compute) -> list[Way]:
    """All that may be the quickest on such a machine; what most likely is comes first."""
    number_types = (compute.number_type, *compute.rivals)
    return [way for number_type in number_types for way in _ways_in(number_type, compute)]


def _ways_in(number_type: NumberType, compute: Compute) -> list[Way]:
    dtype: torch.dtype = getattr(torch, number_type)
    if compute.device == "cpu":
        return [Way("torchscript", number_type, lambda: open_cpu_painter(dtype))]
    plain = Way("torchscript", number_type, lambda: compile_painter(dtype))
    graph = Way("graph", number_type, lambda: GraphPainter(compile_painter(dtype), CudaRecorder()))
    if not _has_cupy():
        return [graph, plain]
    kernels = Way("graph of kernels", number_type, lambda: GraphPainter(KernelPainter(dtype), CudaRecorder()))
    return [kernels, graph, plain]


@cache
def _has_cupy() -> bool:
    found = find_spec("cupy") is not None
    if not found:
        _log.info("painting without kernels of our own: CuPy is missing, the extras cuda12 and cuda13 have it")
    return found


def open_first(offered: Sequence[Way]) -> tuple[Way, Painter]:
    """The first that opens.

    Raises:
        HardwareError: none does; it is the last one's.
    """
    for way in offered[:-1]:
        try:
            return way, way.open()
        except HardwareError as error:
            _log.warning("not painting by %s: %s", way.name, error)
    return offered[-1], offered[-1].open()


def quickest(offered: Sequence[Way], question: str, prepare: Callable[[Way], Run], timer: Timer, memory: Memory) -> Way:
    """The way that was remembered as the quickest for this question; else it is measured, and kept.

    question: all that the answer depends on, beside the names of the ways.
    prepare: makes a way ready to be measured, and returns what paints one picture; HardwareError or RuntimeError
        where it can't be used, which is logged. Where none can, the first is taken unmeasured.
    """
    by_name = {way.name: way for way in offered}
    question = f"{question}: {', '.join(sorted(by_name))}"
    kept = memory.recall(question)
    if kept in by_name:
        return by_name[kept]
    runs: dict[str, Run] = {}
    for way in offered:
        try:
            runs[way.name] = prepare(way)
        except (HardwareError, RuntimeError) as error:
            _log.warning("not painting by %s: %s", way.name, " ".join(str(error).split())[:200])
    if not runs:
        return offered[0]
    took_s = measure(runs, timer)
    best = min(took_s, key=took_s.__getitem__)
    _log.info("measured %s", ", ".join(f"{name} {each_s * 1000.0:.2f} ms" for name, each_s in took_s.items()))
    memory.keep(question, best)
    return by_name[best]
