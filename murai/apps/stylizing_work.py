"""What there is to paint, and where each painting goes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import Literal

from PIL import Image

from murai.apps.stylizing_encoder import FILM_FORMATS, film_format
from murai.apps.stylizing_film import title_of
from murai.apps.stylizing_options import StylizeOptions
from murai.apps.stylizing_pictures import PICTURE_FORMATS
from murai.errors import ConfigError
from murai.sources.uri import FileSpec, Playback, StreamSpec, parse_source

Kind = Literal["picture", "film", "live"]
ONCE = Playback(realtime=False, loop=False)
FILM_ENDINGS = {*FILM_FORMATS, ".avi", ".webm", ".ts", ".mts", ".mpg", ".mpeg", ".wmv", ".flv", ".h264", ".gif"}
_LEFT = ".json", ".part"


@dataclass(frozen=True)
class Job:
    """One thing to paint.

    source: a path, or for "live" a source's URI; a network stream is a "film". title: for people.
    mask: the picture or film that says where, or None.
    """

    kind: Kind
    source: str
    output: Path
    title: str
    mask: Path | None = None


def find_jobs(options: StylizeOptions) -> list[Job]:
    """All there is to paint, in the order of names; of a folder with shards, this one's.

    Raises:
        ConfigError: there is nothing, or input and output don't fit together.
    """
    spec = parse_source(options.input, ONCE)
    if isinstance(spec, StreamSpec):
        return [Job("film", spec.url, _film_output(options, "stream"), title_of(spec.url), options.mask)]
    if not isinstance(spec, FileSpec):
        return [Job("live", options.input, _film_output(options, "film"), options.input, options.mask)]
    if spec.path.is_dir():
        return _of_folder(spec.path, options)
    return [_of_file(spec.path, options)]


def _of_file(file: Path, options: StylizeOptions) -> Job:
    if not file.exists():
        raise ConfigError(f"there is no file {file}", "check the path")
    if kind_of(file) == "film":
        return Job("film", str(file), _film_output(options, file.name, file), str(file), options.mask)
    if options.shard:
        raise ConfigError(f"--shard cuts folders and films, and {file} is a picture", "leave it out")
    output = options.output
    if output.is_dir():
        output = output / _picture_name(Path(file.name), png=options.png)
    elif output.suffix.lower() not in PICTURE_FORMATS:
        known = ", ".join(PICTURE_FORMATS)
        raise ConfigError(f"{output}: pictures are written as {known}", "name the output so, or a folder that is there")
    _not_itself(file, output)
    return Job("picture", str(file), output, str(file), options.mask)


def _film_output(options: StylizeOptions, name: str, source: Path | None = None) -> Path:
    """Of a film, or of a piece of it. source: a file that is not to be replaced."""
    output = options.output
    if options.png:
        return output
    if output.is_dir():
        output = output / _film_name(Path(name))
    film_format(output)
    if source is not None:
        _not_itself(source, output)
    if options.shard:
        return piece_file(output, options.shard.label)
    return output


def piece_file(output: Path, label: str) -> Path:
    """Where a piece of a film goes: film.mp4 in pieces is film.1-of-3.mp4 and so on."""
    return output.with_name(f"{output.stem}.{label}{output.suffix}")


def _of_folder(folder: Path, options: StylizeOptions) -> list[Job]:
    if options.output.is_file():
        raise ConfigError(f"{options.output} is a file, and {folder} a folder", "name a folder as output")
    if options.output.resolve() == folder.resolve():
        raise ConfigError(f"the output {options.output} is the input", "name another folder")
    inside = options.output.resolve()
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not file.resolve().is_relative_to(inside)]
    jobs = [_in_folder(file, folder, options) for file in files if file.suffix.lower() not in _LEFT]
    found = _apart([job for job in jobs if job is not None])
    if not found:
        raise ConfigError(f"{folder} has neither pictures nor films", "name a folder with some")
    if options.shard:
        return found[options.shard.number - 1 :: options.shard.of]
    return found


def _in_folder(file: Path, folder: Path, options: StylizeOptions) -> Job | None:
    name = file.relative_to(folder)
    mask = options.mask
    if mask is not None and mask.is_dir():
        mask = next(
            (other for other in sorted(mask.glob(f"{escape(str(name.with_suffix('')))}.*")) if other.is_file()),
            mask / name,
        )
    if file.suffix.lower() in PICTURE_FORMATS:
        return Job("picture", str(file), options.output / _picture_name(name, png=options.png), str(name), mask)
    if file.suffix.lower() in FILM_ENDINGS:
        output = name.with_suffix("") if options.png else _film_name(name)
        return Job("film", str(file), options.output / output, str(name), mask)
    return None


def _apart(jobs: Sequence[Job]) -> list[Job]:
    """Where endings changed, two files may come to one name: these keep their own endings in it."""
    claimed = Counter(job.output for job in jobs)
    return [job if claimed[job.output] == 1 else _apart_by_ending(job) for job in jobs]


def _apart_by_ending(job: Job) -> Job:
    return replace(job, output=job.output.with_name(Path(job.source).name + job.output.suffix))


def kind_of(file: Path) -> Kind:
    """ "picture" or "film", by its name or else by what it holds."""
    ending = file.suffix.lower()
    if ending in PICTURE_FORMATS:
        return "picture"
    if ending in FILM_ENDINGS:
        return "film"
    try:
        with Image.open(file):
            return "picture"
    except (OSError, ValueError, SyntaxError):
        return "film"


def _picture_name(name: Path, *, png: bool) -> Path:
    return name.with_suffix(".png") if png or name.suffix.lower() not in PICTURE_FORMATS else name


def _film_name(name: Path) -> Path:
    return name if name.suffix.lower() in FILM_FORMATS else name.with_suffix(".mp4")


def _not_itself(file: Path, output: Path) -> None:
    if output.exists() and file.exists() and output.samefile(file):
        raise ConfigError(f"the output {output} is the input", "name another file")
