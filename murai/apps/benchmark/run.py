"""The whole of `murai bench`: limits, rows, and where the figures go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Console

from murai.apps.benchmark.figures import Result, Row
from murai.apps.benchmark.interruption import Interruption
from murai.apps.benchmark.limits import Meter
from murai.apps.benchmark.machine import describe_machine
from murai.apps.benchmark.nvdec import nvdec_alone_fps
from murai.apps.benchmark.options import EXTRA_PEERS, BenchOptions, Size
from murai.apps.benchmark.plan import Task, plan
from murai.apps.benchmark.plot import check_plot, write_plot
from murai.apps.benchmark.signs import Signs, say, shown_signs
from murai.apps.benchmark.table import show_result
from murai.apps.benchmark.workshop import Workshop
from murai.apps.evaluation_files import check_file, write_file
from murai.errors import BenchError
from murai.hardware import Compute, choose_compute
from murai.stylize.pack import Pack
from murai.stylize.shelf import find_pack, pack_folders

_CLIP_S, _QUICK_CLIP_S = 2.0, 1.0
_BESIDE_S = 0.1
_EXTRA = "pip install 'murai[bench]'"


def run_bench(options: BenchOptions, console: Console, signs: Console) -> Result:
    """Measures, shows a table, and writes what was asked for.

    console: for the figures. signs: for signs of life, on standard error.

    Raises:
        MuraiError: something can't be measured at all, or a file not be written.
        Interrupted: by a signal; what was measured until then is shown and written.
    """
    if options.json_file:
        check_file(options.json_file)
    if options.plot:
        check_plot(options.plot)
    compute = choose_compute(options.device)
    tasks = plan(options, _packs(options, compute), compute.device)
    result = Result(describe_machine(compute), {})
    with Interruption() as interruption:
        with interruption.breaks(), shown_signs(signs, len(tasks)) as shown:
            _Run(options, compute, result, shown, interruption).measure_all(tasks)
        if interruption.cause:
            result.notes.append(f"{interruption.cause}: {len(result.rows)} of {len(tasks)} rows were measured")
        if result.rows or not interruption.cause:
            _keep(result, options)
            show_result(result, console)
    if interruption.cause:
        if not (result.rows and console.is_terminal):
            say(signs, result.notes[-1])
        raise interruption.cause
    return result


def _keep(result: Result, options: BenchOptions) -> None:
    if options.json_file:
        text = json.dumps(result.as_json(), indent=1) + "\n"
        write_file(options.json_file, lambda file: file.write_text(text, encoding="utf-8"))
    if options.plot:
        write_plot(result, options.plot)


def _packs(options: BenchOptions, compute: Compute) -> list[Pack]:
    if options.packs:
        return [find_pack(name, compute.device) for name in options.packs]
    usual = find_pack("auto", compute.device)
    if options.quick:
        return [usual]
    return [usual, *(find_pack(folder.name) for folder in pack_folders() if folder.name != usual.folder.name)]


@dataclass(frozen=True)
class _Run:
    """One run. result: takes in each row at once, so that it is good whenever the run is broken off."""

    options: BenchOptions
    compute: Compute
    result: Result
    signs: Signs
    interruption: Interruption

    def measure_all(self, tasks: Sequence[Task]) -> None:
        """Measures the limits, then each row between two looks at them."""
        options, compute, result = self.options, self.compute, self.result
        meter, workshop = Meter(compute), Workshop(compute, options.row_s, _QUICK_CLIP_S if options.quick else _CLIP_S)
        before = best = meter.measure(options.row_s / 3)
        if compute.device == "cuda":
            workshop.nvdec_fps = self._nvdec_alone(workshop)
            before = best = replace(best, nvdec_fps=workshop.nvdec_fps)
        result.limits = best.as_json()
        for task in tasks:
            if self.interruption.cause:  # what it raised got lost in a callback of some library
                return
            self.signs.begins(task.name)
            row = self._row_of(task, workshop)
            if row is not None:
                after = meter.measure(_BESIDE_S)
                best = best.best(after)
                result.limits = best.as_json()
                result.rows.append(replace(row, at_limit=before.best(after).of(row)))
                before = replace(after, nvdec_fps=workshop.nvdec_fps)
            self.signs.ends(task.name, row)

    def _row_of(self, task: Task, workshop: Workshop) -> Row | None:
        """The row; where it can't be had, a note says why."""
        try:
            return task.measure(workshop)
        except ImportError as fault:
            remedy = f": {_EXTRA}" if task.row in EXTRA_PEERS else ""
            self._note(f"{task.row}: not installed ({fault.name or fault}){remedy}")
        except BenchError as fault:
            self._note(f"{task.name}: {fault}")
        return None

    def _nvdec_alone(self, workshop: Workshop) -> dict[Size, float]:
        alone_fps: dict[Size, float] = {}
        for size in self.options.sizes_on("cuda"):
            try:
                alone_fps[size] = nvdec_alone_fps(workshop.clip(size), self.options.row_s / 3)
            except (ImportError, RuntimeError, OSError) as fault:
                self._note(f"NVDEC alone: {' '.join(str(fault).split())}")
        return alone_fps

    def _note(self, note: str) -> None:
        if note not in self.result.notes:
            self.result.notes.append(note)
