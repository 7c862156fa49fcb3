"""The pictures of an evaluation: style images as the pack was trained with them, and photographs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from murai.apps.evaluation_options import EvaluationOptions
from murai.apps.training_options import Part, parse_parts, parse_styles, style_name
from murai.errors import ConfigError, TrainingError
from murai.stylize.pack import Pack, StyleFacts
from murai.training.data import find_content, is_film, read_image
from murai.training.recipe import Recipe
from murai.training.style_image import Crop, StyleImage, StyleSource, read_style

_log = logging.getLogger(__name__)


def read_style_images(pack: Pack, options: EvaluationOptions) -> list[tuple[int, StyleImage]]:
    """The styles that are measured: their numbers and images.

    Raises:
        ConfigError: a word can't be used.
        StyleMissing: the pack has no such style.
        TrainingError: an image is missing or can't be read, or there is none at all.
    """
    shelf = _Shelf.filled(options.paintings)
    names, image = [style.name for style in pack.styles], options.image
    parts = parse_parts(names, image.crop, image.rotate, image.mask)
    found = []
    for name in options.styles or names:
        number = pack.index_of(name)
        style = pack.styles[number]
        if files := shelf.files_of(style):
            found.append((number, _read(pack, style, files, parts[name], shelf, image.style_px)))
        elif options.styles:
            raise TrainingError(f"{shelf.told} has no image of the style '{name}'", f"add one as {name}.jpg")
        else:
            _log.warning("left out: %s has no image of the style '%s'", shelf.told, name)
    if not found:
        raise TrainingError(
            f"{shelf.told} has an image of none of the styles of pack '{pack.facts.name}'",
            f"name the files by style, as {names[0]}.jpg",
        )
    return found


@dataclass(frozen=True)
class _Shelf:
    """Where style images are looked for. named: files by style; by_file, by_style: those in the folders."""

    told: str
    named: dict[str, tuple[Path, ...]]
    by_file: dict[str, Path]
    by_style: dict[str, Path]

    @classmethod
    def filled(cls, words: Sequence[str]) -> _Shelf:
        """Of folders, and images FILE or NAME=FILE,FILE."""
        for word in words:
            if "=" not in word and not Path(word).exists():
                raise ConfigError(f"--paintings: there is no folder {word}", "name one with the style images")
        folders = [Path(word) for word in words if Path(word).is_dir()]
        named = parse_styles([word for word in words if not Path(word).is_dir()])
        files = list(_image_files(folders))
        return cls(
            told=" ".join(words),
            named={source.name: source.files for source in named},
            by_file={file.name: file for file in files},
            by_style={style_name(file): file for file in files},
        )

    def files_of(self, style: StyleFacts) -> tuple[Path, ...]:
        """Those that were named, else those that it was learnt from, else one of its name; none where none is there."""
        if style.name in self.named:
            return self.named[style.name]
        learnt_from = style.image.files if style.image else ()
        if learnt_from and all(file in self.by_file for file in learnt_from):
            return tuple(self.by_file[file] for file in learnt_from)
        return (self.by_style[style.name],) if style.name in self.by_style else ()

    def mask_of(self, style: StyleFacts) -> Path | None:
        """The one that it was learnt with."""
        if style.image is None or not style.image.mask:
            return None
        if style.image.mask in self.by_file:
            return self.by_file[style.image.mask]
        raise TrainingError(
            f"'{style.name}' was learnt with the mask {style.image.mask}, which is not in {self.told}",
            f"add it, or give --mask {style.name}=FILE",
        )


def _read(
    pack: Pack, style: StyleFacts, files: tuple[Path, ...], part: Part, shelf: _Shelf, style_px: int | None
) -> StyleImage:
    """As it was learnt, but for what was said; what then isn't the same picture any more is told."""
    learnt = style.image
    crop = part.crop or (Crop(*learnt.crop) if learnt and learnt.crop else None)
    turned = learnt.rotate_deg if learnt else 0.0
    source = StyleSource(
        style.name,
        files,
        crop,
        turned if part.rotate_deg is None else part.rotate_deg,
        part.mask or shelf.mask_of(style),
    )
    usual_px = learnt.style_px if learnt else int(pack.facts.training.get("style_px", Recipe.style_px))
    image = read_style(source, style_px or usual_px)
    if learnt and learnt.sha256 != image.sha256():
        named = ", ".join(str(file) for file in files)
        _log.warning("'%s' was learnt from another picture than it is measured by (%s)", style.name, named)
    return image


def read_photographs(options: EvaluationOptions) -> tuple[Tensor, ...]:
    """Squares from the middles of photographs from all along the folder, (3, S, S) uint8 each.

    Raises:
        ConfigError: there is no such folder.
        TrainingError: it has too few.
    """
    if not options.photographs.is_dir():
        raise ConfigError(
            f"--photographs: there is no folder {options.photographs}", "name one that training hasn't seen"
        )
    side = options.square_px
    found: list[Tensor] = []
    files = list(_image_files([options.photographs]))
    every = max(1, len(files) // options.images)
    for file in [*files[::every], *(file for n, file in enumerate(files) if n % every)]:
        if len(found) == options.images:
            break
        if (square := _square(file, side)) is not None:
            found.append(square)
    if len(found) < options.images:
        raise TrainingError(
            f"{options.photographs} has {len(found)} usable photographs of at least {side} px",
            f"add some, or ask for fewer than {options.images} with --images",
        )
    return tuple(found)


def _square(file: Path, side: int) -> Tensor | None:
    """None where it can't be used, which is told."""
    try:
        picture = read_image(file, side)
    except TrainingError as fault:
        _log.warning("left out: %s", fault)
        return None
    top, left = (picture.shape[1] - side) // 2, (picture.shape[2] - side) // 2
    if min(top, left) < 0:
        _log.warning("left out: %s is smaller than %d px", file, side)
        return None
    return picture[:, top : top + side, left : left + side].contiguous()


def _image_files(folders: Sequence[Path]) -> Iterator[Path]:
    return (file for file in find_content(folders, 0) if not is_film(file))
