"""What people are told about the styles of a new pack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from murai.errors import ConfigError
from murai.stylize.pack import ImageFacts, StyleFacts
from murai.training.style_image import StyleImage, StyleSource

_TOLD = ("title", "artist", "year", "credit")
_TOLD_OF_PACK = ("title", "licence")


def all_style_facts(sources: Sequence[StyleSource], about: dict[str, Any]) -> list[StyleFacts]:
    """What pack.toml says of each style, without figures.

    Raises:
        ConfigError: a name can't name a style, or `about` has something that nobody knows.
    """
    names = [source.name for source in sources]
    for table, entries in about.items():
        _check_about(table, entries, names)
    return [_style_facts(source, about.get(source.name, {})) for source in sources]


def with_images(
    facts: Sequence[StyleFacts], sources: Sequence[StyleSource], images: Sequence[StyleImage], style_px: int
) -> list[StyleFacts]:
    """The same, with what each style is learnt from."""
    return [
        style.model_copy(update={"image": _image_facts(source, image, style_px)})
        for style, source, image in zip(facts, sources, images, strict=True)
    ]


def _image_facts(source: StyleSource, image: StyleImage, style_px: int) -> ImageFacts:
    crop = source.crop
    return ImageFacts(
        files=tuple(file.name for file in source.files),
        crop=None if crop is None else (crop.left, crop.top, crop.width, crop.height),
        rotate_deg=source.rotate_deg,
        mask="" if source.mask is None else source.mask.name,
        style_px=style_px,
        sha256=image.sha256(),
    )


def _check_about(table: str, entries: Any, names: list[str]) -> None:
    if not isinstance(entries, dict):
        raise ConfigError(f"--about: '{table}' stands outside a table", "put it below a [style]")
    if table not in (*names, "pack"):
        raise ConfigError(f"--about: there is no style '{table}'", f"known are {', '.join((*names, 'pack'))}")
    known = _TOLD_OF_PACK if table == "pack" else _TOLD
    if unknown := sorted(entries.keys() - set(known)):
        raise ConfigError(f"--about: [{table}] has an unknown entry '{unknown[0]}'", f"known are {', '.join(known)}")


def _style_facts(source: StyleSource, about: dict[str, Any]) -> StyleFacts:
    told = {"title": source.name.replace("_", " ").capitalize()}
    told |= {entry: str(value) for entry, value in about.items()}
    try:
        return StyleFacts.model_validate({"name": source.name, "preview": f"{source.name}.jpg", **told})
    except ValueError as fault:
        raise ConfigError(
            f"{source.files[0]}: '{source.name}' can't name a style",
            "rename the file to letters, digits, - and _, or give NAME=FILE",
        ) from fault
