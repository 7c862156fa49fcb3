"""The sheets: which options each of them shows side by side."""

from __future__ import annotations

from dataclasses import dataclass

PAINT = "paint scene.png --size 240 --smallest 128 --steps 40 --device cpu"
STYLIZE = "stylize scene.png --size 240x168 --pack gallery-lite --device cpu"


@dataclass(frozen=True)
class Sheet:
    """base: words of all its commands. tiles: (caption, words, True), or (caption, file, False) as it is."""

    base: str
    tiles: list[tuple[str, str, bool]]
    columns: int = 4


def _options(base: str, *options: str, columns: int = 4) -> Sheet:
    """Each tile's caption is its option."""
    return Sheet(base, [(option or "as it is", option, True) for option in options], columns)


def _shown(file: str, caption: str) -> tuple[str, str, bool]:
    return caption, file, False


TROPICAL = f"{PAINT} --style tropical.png"
SPACES = ("yuv", "ycbcr", "lab", "luv")
NOISE = "paint scene.png --style tropical.png --size 240 --steps 60 --device cpu"

PICTURE_SHEETS = {
    "sizes": Sheet(
        "paint scene.png --style tropical.png --size 480 --device cpu",
        [
            ("--smallest 480: at once", "--smallest 480 --steps 20", True),
            ("--smallest 240: three sizes", "--smallest 240 --steps 40", True),
            ("--smallest 120: five sizes", "--smallest 120 --steps 60", True),
        ],
        3,
    ),
    "starts": _options(NOISE, "--start content", "--start style", "--start noise", "--noise 0.5"),
    "weights": Sheet(
        TROPICAL,
        [
            *[(f"--style-weight {weight}", f"--style-weight {weight}", True) for weight in (1, 3)],
            ("--style-weight 10: usual", "", True),
            ("--style-weight 100", "--style-weight 100", True),
            ("--content-weight 0", "--content-weight 0", True),
            ("--content-weight 0.2", "--content-weight 0.2", True),
            ("--content-weight 1: usual", "", True),
            ("--content-weight 8", "--content-weight 8", True),
            ("--variation-weight 0", "--variation-weight 0", True),
            ("--variation-weight 0.1: usual", "", True),
            ("--variation-weight 20", "--variation-weight 20", True),
            ("--variation-weight 100", "--variation-weight 100", True),
        ],
    ),
    "layers": _options(
        f"{PAINT} --style wildstyle.png",
        "--layers relu1_1",
        "--layers relu1_1,relu2_1",
        "--layers relu1_1,relu2_1,relu3_1",
        "--layers relu3_1,relu4_1",
        "--content-layers relu1_1",
        "--content-layers relu3_1",
        "--pooling max",
        "--pooling average",
    ),
    "mixes": Sheet(
        PAINT,
        [
            ("tropical", "--style tropical.png", True),
            ("tropical 0.7, wildstyle 0.3", "--style tropical.png:0.7 --style wildstyle.png:0.3", True),
            ("tropical 0.3, wildstyle 0.7", "--style tropical.png:0.3 --style wildstyle.png:0.7", True),
            ("wildstyle", "--style wildstyle.png", True),
        ],
    ),
    "strokes": _options(TROPICAL, "--style-px 80", "--style-px 168", "--style-px 336", "--style-px 512"),
    "masks": Sheet(
        f"{PAINT} --style a=tropical.png --style b=wildstyle.png",
        [
            _shown("person.png", "person.png"),
            ("a=person, b=behind", "--mask a=person.png --mask b=behind.png", True),
            ("the same, --soft-px 20", "--mask a=person.png --mask b=behind.png --soft-px 20", True),
            ("a=person, b=person", "--mask a=person.png --mask b=person.png", True),
            ("a=left, b=right", "--mask a=left.png --mask b=right.png", True),
            ("the same, --soft-px 40", "--mask a=left.png --mask b=right.png --soft-px 40", True),
            _shown("corner.png", "corner.png, of the mural"),
            ("--style-mask corner.png", "--style-mask corner.png", True),
        ],
    ),
    "colours": Sheet(
        TROPICAL,
        [
            ("the style's own", "", True),
            *[(f"--own-colours {space}", f"--own-colours {space}", True) for space in SPACES],
            *[(f"{space}, before", f"--own-colours {space} --own-colours-when before", True) for space in SPACES],
            *[(f"--match-colours {how}", f"--match-colours {how}", True) for how in ("cholesky", "axes")],
        ],
    ),
    "network": Sheet(
        STYLIZE,
        [
            _shown("scene.png", "scene.png"),
            ("--style tropical", "--style tropical", True),
            ("--strength 0.5", "--style tropical --strength 0.5", True),
            ("tropical:0.5 wildstyle:0.5", "--style tropical:0.5 --style wildstyle:0.5", True),
            ("--mask person.png", "--style tropical --mask person.png", True),
            ("--mask, --outside wildstyle", "--style tropical --mask person.png --outside wildstyle", True),
            ("--own-colours yuv", "--style tropical --own-colours yuv", True),
            ("--own-colours lab", "--style tropical --own-colours lab", True),
        ],
    ),
}

STYLIZE_FILM = "stylize scene.mp4 --pack gallery-lite --device cpu"
PAINT_FILM = "paint scene.mp4 --size 240 --smallest 170 --steps 40 --device cpu"

FILM_SHEETS = {
    "network-mix": Sheet(
        STYLIZE_FILM,
        [("", "--mix '0:tropical,0.3:tropical,1.2:wildstyle:0.7+starry_night:0.3'", True)],
        6,
    ),
    "film-mix": Sheet(
        PAINT_FILM,
        [("", "--style tropical.png --style wildstyle.png --mix '0:tropical,1.3:tropical:0.3+wildstyle:0.7'", True)],
        6,
    ),
    "film-style": Sheet(
        PAINT_FILM,
        [
            ("murals.mp4", "murals.mp4", False),
            ("loop", "--style murals.mp4 --style-film loop", True),
            ("stretch", "--style murals.mp4 --style-film stretch", True),
        ],
        6,
    ),
    "film-steady": Sheet(
        f"{PAINT_FILM} --style wildstyle.png --seconds 0.75",
        [
            ("each by itself", "--start content --temporal-weight 0", True),
            ("usual", "", True),
        ],
        6,
    ),
}
