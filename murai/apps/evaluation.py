"""What `murai evaluate` does: a pack, pictures that it has never seen, and figures of how it paints them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from murai.apps.evaluation_files import check_file, write_file
from murai.apps.evaluation_images import read_photographs, read_style_images
from murai.apps.evaluation_loss import open_loss
from murai.apps.evaluation_options import EvaluationOptions
from murai.apps.evaluation_painter import EnginePainter, milliseconds_per_frame
from murai.apps.evaluation_result import result_of
from murai.apps.evaluation_table import show_result
from murai.hardware import choose_compute
from murai.imaging.flow import open_flow
from murai.stylize.engine import Engine
from murai.stylize.pack import Pack
from murai.stylize.shelf import find_pack
from murai.training.evaluation.bench import Bench, Clip, StyleReport, measure_style, shown_frame, steps_of_style
from murai.training.evaluation.gatys import CurveStore
from murai.training.evaluation.sheet import draw_comparison, draw_sheet
from murai.training.evaluation.steadiness import Film, find_moves, read_film
from murai.training.style_image import StyleImage


def evaluate_pack(options: EvaluationOptions, console: Console) -> None:
    """Measures, shows a table, and writes what was asked for.

    Raises:
        HardwareError, PackError, TrainingError, ConfigError: something can't be used.
    """
    for file in filter(None, (options.json_file, options.sheet)):
        check_file(file)
    compute = choose_compute(options.device)
    pack = find_pack(options.pack, compute.device)
    images = read_style_images(pack, options)
    photographs = read_photographs(options)
    part = (options.size_px, options.clip_from_s, options.clip_s)
    films = {str(file): read_film(file, *part) for file in options.clips}
    loss = open_loss(pack, options.loss, compute)
    painter = EnginePainter(Engine(pack, compute), options.statistics)
    twin = EnginePainter(Engine(pack, compute, twin=True), options.statistics) if _has_twin(pack) else None
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bench = Bench(
            network=loss.network,
            kind=loss.kind,
            weights=loss.weights,
            photographs=photographs,
            clips=_clips(films, progress),
            curves=CurveStore(options.cache, loss.identity),
            steps=options.lbfgs_steps,
            device=torch.device(compute.device),
        )
        reports = _measure_all(bench, (painter, twin), images, progress)
    speed = milliseconds_per_frame(painter, bench.clips[0].film)
    result = result_of(options, pack, reports, bench.clips, speed, compute)
    if options.json_file:
        told = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
        write_file(options.json_file, lambda file: file.write_text(told, encoding="utf-8"))
    if options.sheet:
        _write_sheets(options.sheet, pack, reports, bench)
    show_result(result, console)


def _has_twin(pack: Pack) -> bool:
    return bool(pack.facts.network.twin_sha256)


def _clips(films: dict[str, Film], progress: Progress) -> list[Clip]:
    """Each film with what moves in it."""
    task = progress.add_task("finding what moves", total=sum(len(film.frames) - 1 for film in films.values()))
    finder = open_flow("dis")
    clips = [Clip(name, film, find_moves(film, finder, lambda: progress.advance(task))) for name, film in films.items()]
    progress.remove_task(task)
    return clips


def _measure_all(
    bench: Bench,
    painters: tuple[EnginePainter, EnginePainter | None],
    images: Sequence[tuple[int, StyleImage]],
    progress: Progress,
) -> list[StyleReport]:
    each = steps_of_style(bench, twin=painters[1] is not None)
    task = progress.add_task("", total=each * len(images))
    reports = []
    for done, style in enumerate(images):
        progress.update(task, description=style[1].name, completed=each * done)
        reports.append(measure_style(bench, painters, style, lambda: progress.advance(task)))
    return reports


def _write_sheets(sheet: Path, pack: Pack, reports: list[StyleReport], bench: Bench) -> None:
    film = bench.clips[0].film
    pictures = draw_sheet(f"Pack '{pack.facts.name}'", reports, bench.photographs, film.frames[shown_frame(film)])
    beside = draw_comparison(f"Pack '{pack.facts.name}' beside Gatys et al.", reports, bench.photographs)
    for file, drawn in ((sheet, pictures), (sheet.with_name(f"{sheet.stem}-lbfgs{sheet.suffix}"), beside)):
        write_file(file, lambda target, drawn=drawn: drawn.save(target, "PNG"))  # type: ignore[misc]  # mypy can't tell its type
