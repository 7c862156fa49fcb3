"""The figures as a table."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from murai.apps.benchmark.figures import PERCENTILES, Result, Row
from murai.apps.benchmark.options import size_name
from murai.apps.tables import print_table


def show_result(result: Result, console: Console) -> None:
    """The machine, its limits, a row each, and how much quicker than the usual script it is."""
    for line in (_machine(result), _limits(result)):
        console.print(Text(line), soft_wrap=True)
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    for head in ("who", "stage", "size", "pack", "styles"):
        table.add_column(head, no_wrap=True)
    for head in ("p50 ms", "p95 ms", "p99 ms", "a second", "of limit"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in result.rows:
        table.add_row(*map(Text, _cells(row)))
    print_table(table, console)
    for line in [*_engines(result), *ratios(result), *result.notes]:
        console.print(Text(line), soft_wrap=True)


def ratios(result: Result) -> list[str]:
    """For each size, the whole flow beside the usual script."""
    lines = []
    for peer in result.rows:
        if peer.subject.who == "peer":
            ours = result.find("murai", "pipeline", peer.subject.size)
            lines += [
                f"{size_name(peer.subject.size)}: {row.timings.fps / peer.timings.fps:.1f} times "
                f"the usual script ({row.subject.pack})"
                for row in ours
            ]
    return lines


def _machine(result: Result) -> str:
    machine = result.machine
    place = f"{machine['cores']} cores of {machine['cpu']}" + (f", {machine['gpu']}" if machine["gpu"] else "")
    return f"{place}; {machine['device']} {machine['number_type']}, torch {machine['torch']}"


def _limits(result: Result) -> str:
    limits = result.limits
    return (
        f"limits: matrix product {limits['matmul_gflops']:.0f} GFLOP/s, convolution "
        f"{limits['convolution_gflops']:.0f} GFLOP/s, copying {limits['copy_gbytes_per_s']:.1f} GB/s"
        + "".join(f", NVDEC {size} {fps:.0f}/s" for size, fps in limits["nvdec_fps"].items())
    )


def _engines(result: Result) -> list[str]:
    """Which engine painted which pack."""
    used = {(row.subject.pack, row.engine): None for row in result.rows if row.engine}
    return [f"{pack} was painted by {engine}" for pack, engine in used]


def _cells(row: Row) -> list[str]:
    subject, timings = row.subject, row.timings
    share = "-" if row.of_limit is None else f"{100 * row.of_limit:.3g} % {row.limit}"
    mixed = str(subject.styles) if subject.pack else ""
    return [
        subject.who,
        subject.stage,
        size_name(subject.size),
        subject.pack,
        mixed,
        *(f"{timings.percentile_ms(percent):.1f}" for _, percent in PERCENTILES),
        f"{timings.fps:.1f}",
        share,
    ]
