"""What `murai paint` does: images and styles in, paintings out."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from murai.apps.painting_again import is_painted
from murai.apps.painting_files import COMMAND, Result, check_result, write_picture, write_settings
from murai.apps.painting_film import Stopped, paint_film
from murai.apps.painting_options import PaintingOptions
from murai.apps.painting_run import Progressing, loss_bar
from murai.apps.painting_setup import (
    Job,
    open_machine,
    open_network,
    prepare,
    tile_side,
)
from murai.apps.painting_studio import Show, Studio
from murai.apps.painting_styles import PaintingStyles
from murai.apps.settings_files import folder_settings
from murai.apps.stylizing_encoder import FILM_FORMATS
from murai.apps.stylizing_work import FILM_ENDINGS, kind_of
from murai.errors import ConfigError, MuraiError, PaintingError
from murai.painting.paint import Moment, paint

_log = logging.getLogger(__name__)
_ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", *FILM_ENDINGS}


def paint_files(options: PaintingOptions, console: Console, *, show: bool = False, resume: bool = False) -> None:
    """Paints an image, or every image of a folder; what can't be painted of a folder is told at the end.

    show: the developing picture in a window, from the main thread.
    resume: what is painted already, with the same settings and from the same files, stays as it is.

    Raises:
        MuraiError: something can't be used, in words.
        PaintingError: some of a folder's images failed.
    """
    options = _absolute(options)
    pairs = _contents(options)
    _spare_sources(options, pairs)
    if resume and not (pairs := _unpainted(options, pairs, console)):
        return
    with open_machine(options.machine) as machine, _window(show) as shown:
        assert machine.device != "auto"
        network = open_network(options.look, machine.device)
        machine = machine.model_copy(update={"tile_px": tile_side(network, machine)})
        styles = PaintingStyles(options, machine.device)
        chosen = options.model_copy(update={"machine": machine})
        studio = Studio(chosen, network, lambda _, at_s, lasts_s: styles.at(at_s, lasts_s), console, shown)
        if options.content.is_dir():
            write_settings(folder_settings(options.output, COMMAND), chosen, {})
            _paint_all(studio, pairs)
        else:
            _paint_any(studio, *pairs[0])


def _absolute(options: PaintingOptions) -> PaintingOptions:
    """With paths that hold in any folder."""

    def whole(path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    styles = tuple(
        style.model_copy(update={name: whole(getattr(style, name)) for name in ("image", "mask", "where")})
        for style in options.styles
    )
    look = options.look.model_copy(update={"folder": whole(options.look.folder)})
    film = options.film.model_copy(update={"frames": whole(options.film.frames)})
    paths = {name: whole(getattr(options, name)) for name in ("content", "output")}
    return options.model_copy(update={**paths, "styles": styles, "look": look, "film": film})


def _contents(options: PaintingOptions) -> list[tuple[Path, Result]]:
    """Each image and film that is to be painted, and where to."""
    content, output = options.content, options.output
    if not content.is_dir():
        return [(content, Result(output))]
    files = sorted(file for file in content.iterdir() if file.suffix.lower() in _ENDINGS)
    if not files:
        raise PaintingError(f"{content} has no images", f"known are {', '.join(sorted(_ENDINGS))}")
    if output.is_file():
        raise PaintingError(f"{content} is a folder and {output} is a file", "name a folder to write to")
    if options.film.frames is not None:
        raise ConfigError(f"--frames for {content}, which is a folder", "give it for one film")
    alike = len({file.stem for file in files}) < len(files)
    return [(file, Result(output / ((file.name if alike else file.stem) + _ending(file)))) for file in files]


def _unpainted(
    options: PaintingOptions, pairs: Sequence[tuple[Path, Result]], console: Console
) -> list[tuple[Path, Result]]:
    """What is still to be painted; how much isn't is told."""
    found = [
        (content, result)
        for content, result in pairs
        if not is_painted(options.model_copy(update={"content": content, "output": result.picture}))
    ]
    if done := len(pairs) - len(found):
        console.print(Text(f"{done} of {len(pairs)} painted already"), soft_wrap=True)
    return found


def _spare_sources(options: PaintingOptions, pairs: Sequence[tuple[Path, Result]]) -> None:
    """Raises: ConfigError: a result would take the place of a picture that it is painted from."""
    shown = [file for style in options.styles for file in (style.image, style.mask, style.where) if file is not None]
    sources = {file.resolve() for file in (*shown, *(content for content, _ in pairs))}
    for _, result in pairs:
        if result.picture.resolve() in sources:
            raise ConfigError(f"the output {result.picture} is one of the pictures to paint from", "name another")


def _ending(content: Path) -> str:
    """Of what is painted of a folder's file."""
    ending = content.suffix.lower()
    if ending in FILM_ENDINGS:
        return ending if ending in FILM_FORMATS else ".mkv"
    return ".png"


def _paint_all(studio: Studio, pairs: Sequence[tuple[Path, Result]]) -> None:
    failed = []
    for content, result in pairs:
        try:
            _paint_any(studio, content, result)
        except Stopped:
            raise
        except MuraiError as fault:
            _log.warning("%s is left out: %s", content.name, fault)
            failed.append(content.name)
    if failed:
        raise PaintingError(f"{len(failed)} of {len(pairs)} images failed", f"see above for {', '.join(failed)}")


def _paint_any(studio: Studio, content: Path, result: Result) -> None:
    named = content.suffix.lower() in FILM_ENDINGS
    if named or (content.is_file() and kind_of(content) == "film"):
        paint_film(studio, content, result)
    else:
        _paint_picture(studio, content, result)


def _paint_picture(studio: Studio, content: Path, result: Result) -> None:
    began_s = time.monotonic()
    options = studio.options.model_copy(update={"content": content, "output": result.picture})
    assert options.machine.tile_px is not None
    if options.steps.start in ("last", "warped"):
        raise ConfigError(f"--start {options.steps.start}: {content} has no frame before", "this is for films")
    job = prepare(content, studio.styles_at(0, 0.0, 0.0), options, options.machine.tile_px)
    check_result(result, job.settings.size)
    with loss_bar(studio.console) as bar:
        progress = Progressing(job.settings, result.picture.name, bar)
        keeper = _Keeper(job, result, options.save_every, studio.show)

        def watch(moment: Moment) -> None:
            progress.update(moment)
            keeper.see(moment)

        try:
            painted = paint(studio.network, job.wishes, job.settings, job.start, watch)
        except (MuraiError, KeyboardInterrupt):
            keeper.keep_last()
            raise
    write_picture(result.picture, job.finished(painted))
    write_settings(result.settings, options, {"result": _facts(job, progress, studio, time.monotonic() - began_s)})
    progress.draw_curves(result.curves)
    studio.console.print(Text(f"{result.picture}: {job.settings.size[1]}x{job.settings.size[0]} px"), soft_wrap=True)


class _Keeper:
    """Keeps pictures on the way: every so many steps, in the window, and the last one where the work is broken off."""

    def __init__(self, job: Job, result: Result, every: int | None, show: Show) -> None:
        self._job = job
        self._result = result
        self._every = every
        self._show = show
        self._last: Moment | None = None

    def see(self, moment: Moment) -> None:
        self._last = moment
        self._show(self._job.finished(moment.picture))
        if self._every and moment.step % self._every == 0:
            write_picture(self._result.after(moment.step), self._job.finished(moment.picture))

    def keep_last(self) -> None:
        if self._last is not None:
            file = self._result.after(self._last.step)
            write_picture(file, self._job.finished(self._last.picture))
            _log.warning("the picture after %d steps is kept as %s", self._last.step, file)


def _facts(job: Job, progress: Progressing, studio: Studio, took_s: float) -> dict[str, Any]:
    height, width = job.settings.size
    return {
        "size": [width, height],
        "sizes": [[each[1], each[0]] for each, _ in job.settings.stages],
        "steps": progress.steps,
        "network": studio.network.name,
        "first_losses": progress.first,
        "last_losses": progress.last,
        "seconds": round(took_s, 1),
    }


def _window(show: bool) -> AbstractContextManager[Show]:
    if not show:
        return nullcontext(lambda _: None)
    from murai.apps.painting_window import open_window  # only whoever wants it needs OpenGL

    return open_window()
