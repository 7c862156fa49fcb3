"""Draws murals as PNG: python -m murals NAME|all -o FOLDER [--seed N] [--size PX]."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from murals.portraits import paint_portraits
from murals.tropical import paint_tropical
from murals.wall import Wall
from murals.wildstyle import paint_wildstyle

MURALS: dict[str, Callable[[int, int], Wall]] = {
    "portraits": paint_portraits,
    "tropical": paint_tropical,
    "wildstyle": paint_wildstyle,
}


def main() -> int:
    """Reads the arguments, paints and saves; 1 where a file can't be written."""
    parser = argparse.ArgumentParser(prog="make_mural", description="Draws murals to be style images, as PNG.")
    parser.add_argument("name", choices=[*MURALS, "all"], help="which one")
    parser.add_argument("-o", dest="folder", type=Path, required=True, metavar="FOLDER", help="where to put NAME.png")
    parser.add_argument("--seed", type=int, default=1, help="another one for each number")
    parser.add_argument("--size", type=int, default=1024, metavar="PX", help="of both sides (default 1024)")
    wanted = parser.parse_args()
    if wanted.size < 64 or wanted.seed < 0:
        parser.error("the size is at least 64 px, the seed at least 0")
    for name in MURALS if wanted.name == "all" else [wanted.name]:
        file = wanted.folder / f"{name}.png"
        try:
            wanted.folder.mkdir(parents=True, exist_ok=True)
            MURALS[name](wanted.size, wanted.seed).picture().save(file)
        except OSError as fault:
            sys.stderr.write(
                f"make_mural: can't write {file}: {fault.strerror or fault}: name another folder with -o\n"
            )
            return 1
        sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
