"""Fonts for the text over the picture."""

from __future__ import annotations

from pathlib import Path

from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FOLDERS = (
    "/usr/share/fonts/truetype/dejavu",  # Debian, Ubuntu
    "/usr/share/fonts/dejavu-sans-fonts",  # Fedora
    "/usr/share/fonts/dejavu",  # older Fedora, Alpine
    "/usr/share/fonts/TTF",  # Arch
    "/usr/local/share/fonts/dejavu",
)


class Typeface:
    """DejaVu Sans where it is installed, else the font that comes with Pillow.

    Pillow's has one weight and fewer letters: titles in Greek or Cyrillic want DejaVu.
    """

    def __init__(self, folders: tuple[str, ...] = _FOLDERS) -> None:
        self._files = {bold: _find(folders, bold) for bold in (False, True)}
        self._loaded: dict[tuple[int, bool], Font] = {}

    def at(self, size_px: int, bold: bool = False) -> Font:
        """The font of this height."""
        wanted = (size_px, bold)
        if wanted not in self._loaded:
            file = self._files[bold]
            self._loaded[wanted] = ImageFont.truetype(file, size_px) if file else ImageFont.load_default(size_px)
        return self._loaded[wanted]


def _find(folders: tuple[str, ...], bold: bool) -> str | None:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return next((str(file) for folder in folders if (file := Path(folder) / name).is_file()), None)
