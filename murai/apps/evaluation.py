"""What `murai evaluate` does: a pack, pictures that it has never seen, and figures of how it paints them."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from torch import Tensor

from murai.apps.evaluation_files import check_file, write_file
from murai.apps.evaluation_painter import EnginePainter, Statistics, milliseconds_per_frame
from murai.apps.evaluation_table import show_result
from murai.errors import ConfigError, TrainingError
from murai.hardware import Compute, choose_compute
from murai.imaging.flow import open_flow
from murai.networks.perceptual import PerceptualNetwork, open_perceptual
from murai.stylize.engine import Engine
from murai.stylize.pack import WEIGHTS_FILE, Pack, sha256_of
from murai.stylize.shelf import find_pack
from murai.training.data import find_content, is_film, read_image
from murai.training.evaluation.bench import Bench, StyleReport, measure_style, steps_of_style
from murai.training.evaluation.figures import mean_figures
from murai.training.evaluation.gatys import CurveStore
from murai.training.evaluation.sheet import draw_comparison, draw_sheet
from murai.training.evaluation.steadiness import Film, find_moves, read_film
from murai.training.losses import LossWeights
from murai.training.style_image import StyleImage, StyleSource, read_style

_log = logging.getLogger(__name__)
_USUAL_STYLE_PX = 512


@dataclass(frozen=True)
class EvaluationOptions:
    """What `murai evaluate` was told.

    pack: name or folder. paintings: folder with an image for each style, of the style's name.
    photographs: folder; `images` of them are used, from all along it. Training must not have seen them.
    clip: video file; a part of it counts, from clip_from_s on.
    styles: names; none for all that there is a painting of.
    square_px: of the photographs that quality is measured on; size_px: of the painted film.
    style_weight: of the loss that is measured; None for what the pack was trained with.
    statistics: None for stills by their own and films by those that follow the scene.
    sheet: PNG; beside it goes one that compares with L-BFGS, named …-lbfgs.png.
    cache: folder where optimisations are kept for the next time.
    """

    pack: str
    paintings: Path
    photographs: Path
    clip: Path
    perceptual: Path | None = None
    styles: tuple[str, ...] = ()
    images: int = 5
    lbfgs_steps: int = 100
    square_px: int = 256
    size_px: tuple[int, int] = (640, 360)
    clip_from_s: float = 0.0
    clip_s: float = 12.0
    style_weight: float | None = None
    statistics: Statistics | None = None
    json_file: Path | None = None
    sheet: Path | None = None
    cache: Path = Path("runs/lbfgs")


def evaluate_pack(options: EvaluationOptions, console: Console) -> None:
    """Measures, shows a table, and writes what was asked for.

    Raises:
        PackError, TrainingError, ConfigError: something can't be used.
    """
    for file in filter(None, (options.json_file, options.sheet)):
        check_file(file)
    compute = choose_compute("auto")
    pack = find_pack(options.pack, compute.device)
    images = _style_images(pack, options)
    photographs = _photographs(options)
    film = read_film(options.clip, options.size_px, options.clip_from_s, options.clip_s)
    network = _network(options, compute)
    _tell_other_loss(pack, network)
    painter = EnginePainter(Engine(pack, compute), options.statistics)
    twin = EnginePainter(Engine(pack, compute, twin=True), options.statistics) if _has_twin(pack) else None
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bench = _bench(options, _weights(pack, options), network, (photographs, film), compute, progress)
        reports = _measure_all(bench, (painter, twin), images, progress)
    speed = milliseconds_per_frame(painter, film)
    result = _result(options, pack, reports, speed, compute)
    if options.json_file:
        write_file(
            options.json_file, lambda file: file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        )
    if options.sheet:
        _write_sheets(options.sheet, pack, reports, bench)
    show_result(result, console)


def _has_twin(pack: Pack) -> bool:
    return bool(pack.facts.network.twin_sha256)


def _style_images(pack: Pack, options: EvaluationOptions) -> list[tuple[int, StyleImage]]:
    """The styles that are measured: their numbers and images."""
    if not options.paintings.is_dir():
        raise ConfigError(f"--paintings: there is no folder {options.paintings}", "name one with the style images")
    files = {file.stem.lower().replace(" ", "_"): file for file in _image_files(options.paintings)}
    short_side_px = int(pack.facts.training.get("style_px", _USUAL_STYLE_PX))
    found = []
    for name in options.styles or [style.name for style in pack.styles]:
        number = pack.index_of(name)
        if name in files:
            found.append((number, read_style(StyleSource(name, (files[name],)), short_side_px)))
        elif options.styles:
            raise TrainingError(f"{options.paintings} has no image of the style '{name}'", f"add one as {name}.jpg")
        else:
            _log.warning("left out: %s has no image of the style '%s'", options.paintings, name)
    if not found:
        raise TrainingError(
            f"{options.paintings} has an image of none of the styles of pack '{pack.facts.name}'",
            f"name the files by style, as {pack.styles[0].name}.jpg",
        )
    return found


def _image_files(folder: Path) -> list[Path]:
    return [file for file in find_content([folder], 0) if not is_film(file)]


def _photographs(options: EvaluationOptions) -> tuple[Tensor, ...]:
    """Squares from the middles of photographs from all along the folder, (3, S, S) uint8 each."""
    if not options.photographs.is_dir():
        raise ConfigError(
            f"--photographs: there is no folder {options.photographs}", "name one that training hasn't seen"
        )
    side = options.square_px
    found: list[Tensor] = []
    files = _image_files(options.photographs)
    every = max(1, len(files) // options.images)
    for file in [*files[::every], *(file for n, file in enumerate(files) if n % every)]:
        if len(found) == options.images:
            break
        try:
            picture = read_image(file, side)
        except TrainingError as fault:
            _log.warning("left out: %s", fault)
            continue
        top, left = (picture.shape[1] - side) // 2, (picture.shape[2] - side) // 2
        if min(top, left) < 0:
            _log.warning("left out: %s is smaller than %d px", file, side)
            continue
        found.append(picture[:, top : top + side, left : left + side].contiguous())
    if len(found) < options.images:
        raise TrainingError(
            f"{options.photographs} has {len(found)} usable photographs of at least {side} px",
            f"add some, or ask for fewer than {options.images} with --images",
        )
    return tuple(found)


def _network(options: EvaluationOptions, compute: Compute) -> PerceptualNetwork:
    return open_perceptual(options.perceptual, dtype=_loss_dtype(compute), device=compute.device)


def _loss_dtype(compute: Compute) -> torch.dtype:
    return torch.bfloat16 if compute.number_type == "bfloat16" else torch.float32


def _tell_other_loss(pack: Pack, network: PerceptualNetwork) -> None:
    """Warns where the pack was trained for another loss than the one that is measured."""
    for entry, measured in (("perceptual", network.name), ("style_distance", "gram")):
        trained = pack.facts.training.get(entry, measured)
        if trained != measured:
            _log.warning("pack '%s' was trained by %s, and is measured by %s", pack.facts.name, trained, measured)


def _weights(pack: Pack, options: EvaluationOptions) -> LossWeights:
    """Of the loss: those of the pack's training, as far as pack.toml knows them."""
    usual = LossWeights()
    trained = {
        name: float(pack.facts.training.get(f"{name}_weight", getattr(usual, name)))
        for name in ("content", "style", "tone", "variation")
    }
    if options.style_weight is not None:
        trained["style"] = options.style_weight
    return replace(usual, **trained)


def _bench(
    options: EvaluationOptions,
    weights: LossWeights,
    network: PerceptualNetwork,
    pictures: tuple[tuple[Tensor, ...], Film],
    compute: Compute,
    progress: Progress,
) -> Bench:
    photographs, film = pictures
    task = progress.add_task("finding what moves", total=len(film.frames) - 1)
    moves = find_moves(film, open_flow("dis"), lambda: progress.advance(task))
    progress.remove_task(task)
    files = sorted(options.perceptual.glob("*.safetensors")) if options.perceptual else []
    identity = f"{network.name} {network.layers} {_loss_dtype(compute)} {[sha256_of(file) for file in files]}"
    return Bench(
        network=network,
        weights=weights,
        photographs=photographs,
        film=film,
        moves=moves,
        curves=CurveStore(options.cache, identity),
        steps=options.lbfgs_steps,
        device=torch.device(compute.device),
    )


def _measure_all(
    bench: Bench,
    painters: tuple[EnginePainter, EnginePainter | None],
    images: list[tuple[int, StyleImage]],
    progress: Progress,
) -> list[StyleReport]:
    each = steps_of_style(bench, twin=painters[1] is not None)
    task = progress.add_task("", total=each * len(images))
    reports = []
    for done, style in enumerate(images):
        progress.update(task, description=style[1].name, completed=each * done)
        reports.append(measure_style(bench, painters, style, lambda: progress.advance(task)))
    return reports


def _result(
    options: EvaluationOptions, pack: Pack, reports: list[StyleReport], speed: tuple[float, float], compute: Compute
) -> dict[str, Any]:
    """What goes into the JSON file."""
    median_ms, p95_ms = speed
    return {
        "pack": pack.facts.name,
        "styles": {report.name: _told(report) for report in reports},
        "mean": mean_figures([report.figures for report in reports]).rounded(),
        "ms_per_frame": round(median_ms, 2),
        "ms_per_frame_p95": round(p95_ms, 2),
        "size": list(options.size_px),
        "device": f"{compute.device} {compute.number_type}, {compute.threads} threads",
        "weights_bytes": (pack.folder / WEIGHTS_FILE).stat().st_size,
        "pack_bytes": sum(file.stat().st_size for file in pack.folder.iterdir() if file.is_file()),
        "photographs": options.images,
        "square_px": options.square_px,
        "lbfgs_steps_run": options.lbfgs_steps,
        "clip_s": [options.clip_from_s, options.clip_s],
        "statistics": options.statistics or "stills own, films following",
    }


def _told(report: StyleReport) -> dict[str, Any]:
    return {
        **report.figures.rounded(),
        "strokes": [round(value, 5) for value in report.octaves],
        "strokes_of_image": [round(value, 5) for value in report.wanted_octaves],
    }


def _write_sheets(sheet: Path, pack: Pack, reports: list[StyleReport], bench: Bench) -> None:
    frame = bench.film.frames[len(bench.film.frames) * 2 // 3]
    pictures = draw_sheet(f"Pack '{pack.facts.name}'", reports, bench.photographs, frame)
    beside = draw_comparison(f"Pack '{pack.facts.name}' beside Gatys et al.", reports, bench.photographs)
    for file, drawn in ((sheet, pictures), (sheet.with_name(f"{sheet.stem}-lbfgs{sheet.suffix}"), beside)):
        write_file(file, lambda target, drawn=drawn: drawn.save(target, "PNG"))  # type: ignore[misc]
