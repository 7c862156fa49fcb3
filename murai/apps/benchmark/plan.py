"""Which rows there are to measure, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from murai.apps.benchmark.figures import Row
from murai.apps.benchmark.flow import measure_live, measure_pipeline
from murai.apps.benchmark.johnson import measure_peer
from murai.apps.benchmark.options import BenchOptions, Size, size_name
from murai.apps.benchmark.runtimes import RUNTIME_DEVICES, measure_runtime
from murai.apps.benchmark.stages import measure_colour, measure_decode, measure_draw, measure_network
from murai.apps.benchmark.workshop import Workshop
from murai.stylize.pack import Pack

_MIXES = (2, 4)


@dataclass(frozen=True)
class Task:
    """One row to come. row: its name among the options; name: for the progress bar."""

    row: str
    name: str
    measure: Callable[[Workshop], Row]


def plan(options: BenchOptions, packs: Sequence[Pack], device: str) -> list[Task]:
    """The rows that are wanted: one thing grows at a time.

    Every size has the first pack and one style; the first size has the mixes, and the other packs too.
    """
    sizes = options.sizes_on(device)
    tasks: list[Task] = []
    for size in sizes:
        tasks += _of_size(packs[0], size, device)
    if not options.quick:
        for styles in _MIXES:
            if styles <= len(packs[0].styles):
                tasks += _of_network(packs[0], sizes[0], styles)
    for pack in packs[1:]:
        tasks += _of_network(pack, sizes[0], 1)
    return [task for task in tasks if options.wants(task.row)]


def _of_size(pack: Pack, size: Size, device: str) -> Iterator[Task]:
    named = partial(_task, size_name(size))
    yield named("decode", lambda workshop: measure_decode(workshop, size))
    yield named("colour", lambda workshop: measure_colour(workshop, size))
    yield named("draw", lambda workshop: measure_draw(workshop, pack, size))
    yield from _of_network(pack, size, 1)
    yield named("live", lambda workshop: measure_live(workshop, pack, size))
    yield named("peer", lambda workshop: measure_peer(workshop, size))
    for name, where in RUNTIME_DEVICES.items():
        if where == device:
            yield named(name, partial(measure_runtime, name=name, pack=pack, size=size))


def _of_network(pack: Pack, size: Size, styles: int) -> Iterator[Task]:
    named = partial(_task, f"{size_name(size)} {pack.facts.name} {styles}")
    yield named("network", lambda workshop: measure_network(workshop, pack, size, styles))
    yield named("pipeline", lambda workshop: measure_pipeline(workshop, pack, size, styles))


def _task(about: str, row: str, measure: Callable[[Workshop], Row]) -> Task:
    return Task(row, f"{row} {about}", measure)
