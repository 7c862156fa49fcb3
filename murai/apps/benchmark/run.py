"""The whole of `murai bench`: limits, rows, and where the figures go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from murai.apps.benchmark.figures import Result, Row
from murai.apps.benchmark.limits import Meter
from murai.apps.benchmark.machine import describe_machine
from murai.apps.benchmark.nvdec import nvdec_alone_fps
from murai.apps.benchmark.options import BenchOptions, Size
from murai.apps.benchmark.plan import Task, plan
from murai.apps.benchmark.plot import check_plot, write_plot
from murai.apps.benchmark.table import show_result
from murai.apps.benchmark.workshop import Workshop
from murai.apps.evaluation_files import check_file, write_file
from murai.errors import BenchError
from murai.hardware import Compute, choose_compute
from murai.stylize.pack import Pack
from murai.stylize.shelf import find_pack, pack_folders

_CLIP_S, _QUICK_CLIP_S = 2.0, 1.0
_BESIDE_S = 0.1


def run_bench(options: BenchOptions, console: Console) -> Result:
    """Measures, shows a table, and writes what was asked for.

    Raises:
        MuraiError: something can't be measured at all, or a file not be written.
    """
    if options.json_file:
        check_file(options.json_file)
    if options.plot:
        check_plot(options.plot)
    compute = choose_compute(options.device)
    packs = _packs(options, compute)
    tasks = plan(options, packs, compute.device)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        result = _measure_all(options, compute, tasks, progress)
    if options.json_file:
        text = json.dumps(result.as_json(), indent=1) + "\n"
        write_file(options.json_file, lambda file: file.write_text(text, encoding="utf-8"))
    if options.plot:
        write_plot(result, options.plot)
    show_result(result, console)
    return result


def _packs(options: BenchOptions, compute: Compute) -> list[Pack]:
    if options.packs:
        return [find_pack(name, compute.device) for name in options.packs]
    usual = find_pack("auto", compute.device)
    if options.quick:
        return [usual]
    return [usual, *(find_pack(folder.name) for folder in pack_folders() if folder.name != usual.folder.name)]


def _measure_all(options: BenchOptions, compute: Compute, tasks: Sequence[Task], progress: Progress) -> Result:
    bar = progress.add_task("limits", total=len(tasks) + 1)
    meter, workshop = Meter(compute), Workshop(compute, options.row_s, _QUICK_CLIP_S if options.quick else _CLIP_S)
    result = Result(describe_machine(compute), {})
    before = best = meter.measure(options.row_s / 3)
    if compute.device == "cuda":
        workshop.nvdec_fps = _nvdec_alone(workshop, options, result)
        before = best = replace(best, nvdec_fps=workshop.nvdec_fps)
    for task in tasks:
        progress.update(bar, advance=1, description=task.name)
        row = _row_of(task, workshop, result)
        if row is not None:
            after = meter.measure(_BESIDE_S)
            best = best.best(after)
            result.rows.append(replace(row, at_limit=before.best(after).of(row)))
            before = replace(after, nvdec_fps=workshop.nvdec_fps)
    progress.update(bar, advance=1)
    result.limits = best.as_json()
    return result


def _row_of(task: Task, workshop: Workshop, result: Result) -> Row | None:
    """The row; where it can't be had, a note says why."""
    try:
        return task.measure(workshop)
    except ImportError as fault:
        _note(result, f"{task.row}: not installed ({fault.name or fault})")
    except BenchError as fault:
        _note(result, f"{task.name}: {fault}")
    return None


def _nvdec_alone(workshop: Workshop, options: BenchOptions, result: Result) -> dict[Size, float]:
    alone_fps: dict[Size, float] = {}
    for size in options.sizes_on("cuda"):
        try:
            alone_fps[size] = nvdec_alone_fps(workshop.clip(size), options.row_s / 3)
        except (ImportError, RuntimeError, OSError) as fault:
            _note(result, f"NVDEC alone: {' '.join(str(fault).split())}")
    return alone_fps


def _note(result: Result, note: str) -> None:
    if note not in result.notes:
        result.notes.append(note)
