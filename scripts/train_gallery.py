"""Trains one of the packs that come with Murai: the paintings, the twin without losses for steadiness, the murals.

    python scripts/train_gallery.py gallery --title Gallery --paintings FOLDER --photographs FOLDER \
        --start styles/gallery --unsteady 60m --steady 15m --murals 8m -- --width 3 --blocks 6 --detail 1

What stands behind -- goes to every `murai train`. Stopped, it goes on where it was when it is started again: what is
done is there as a pack in the work folder, and what isn't has a checkpoint there.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli_w
from rich.console import Console

_ROOT = Path(__file__).resolve().parent.parent
_MURALS = ("tropical", "wildstyle")
_GROWING = ("--square-px", "192", "--late-square-px", "256", "--late-share", "0.5")
_LARGE = ("--square-px", "256", "--late-square-px", "256")
_UNSTEADY = ("--no-stability",)
_STEADY = ("--noise-weight", "200", "--motion-weight", "25")


@dataclass(frozen=True)
class Trainer:
    """Calls `murai train`.

    work: folder for packs and checkpoints. about: what is told of all styles. further: options for all calls.
    """

    work: Path
    photographs: Path
    processes: int
    further: Sequence[str]
    about: Mapping[str, object]
    console: Console

    def pack(self, name: str, images: Sequence[Path], told: Sequence[str | Path]) -> Path:
        """The pack of that name below the work folder, trained unless it is there already."""
        folder, checkpoint = self.work / name, self.work / f"{name.replace('/', '-')}.pt"
        if not (folder / "pack.toml").exists():
            words = self.work / f"{checkpoint.stem}.toml"
            named = {name: self.about[name] for name in ("pack", *(image.stem for image in images))}
            words.write_text(tomli_w.dumps(named), encoding="utf-8")
            again = ["--resume"] if checkpoint.exists() else []
            self.console.print(f"{folder}: {'going on' if again else 'training'}", soft_wrap=True)
            into: list[str | Path] = ["-o", folder, "--checkpoint", checkpoint]
            self._call([*images, *into, "--photographs", self.photographs, "--about", words, *told, *again])
        return folder

    def _call(self, words: Sequence[str | Path]) -> None:
        several = ["-m", "torch.distributed.run", "--nproc-per-node", str(self.processes), "-m", "--", "murai"]
        begin = several if self.processes > 1 else ["-m", "murai"]
        subprocess.run([sys.executable, *begin, "train", *map(str, words), *self.further], check=True)


def train_gallery(told: argparse.Namespace, console: Console) -> Path:
    """All of it; gives the finished pack's folder, below the work folder."""
    told.work.mkdir(parents=True, exist_ok=True)
    about = tomllib.loads((_ROOT / "scripts" / "gallery.toml").read_text(encoding="utf-8"))
    about["pack"]["title"] = told.title
    trainer = Trainer(told.work, told.photographs, told.processes, told.further, about, console)
    paintings = sorted(file for file in told.paintings.iterdir() if file.stem in about and file.stem not in _MURALS)

    start = ["--start", told.start, "--rate", told.rate] if told.start else []
    longest = [*_GROWING, *_UNSTEADY, *start, "--time", told.unsteady]
    unsteady = trainer.pack(f"unsteady/{told.name}", paintings, longest)
    gently = ["--start", told.work / f"unsteady-{told.name}.pt", "--rate", "0.25", "--time", told.steady]
    steady = trainer.pack(f"steady/{told.name}", paintings, [*_LARGE, *_STEADY, *gently])

    subprocess.run([_ROOT / "scripts" / "make_mural", "all", "-o", told.work / "murals"], check=True)
    murals = [told.work / "murals" / f"{name}.png" for name in _MURALS]
    briefly = [*_LARGE, "--time", told.murals]
    whole = trainer.pack(f"whole/{told.name}", murals, [*briefly, *_STEADY, "--into", steady])
    trainer.pack(f"twin/{told.name}", murals, [*briefly, *_UNSTEADY, "--into", unsteady, "--twin-of", whole])
    return whole


def _read_command() -> argparse.Namespace:
    command = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    command.add_argument("name", help="of the pack, and of the folder that it gets")
    command.add_argument("--title", required=True)
    for name in ("paintings", "photographs"):
        command.add_argument(f"--{name}", type=Path, required=True, help="folder")
    command.add_argument("--work", type=Path, default=Path("runs/gallery"), help="folder; runs/gallery")
    command.add_argument("--start", help="pack or checkpoint to begin with")
    command.add_argument("--rate", default="0.4", help="share of the usual rates, with --start; 0.4")
    for name in ("unsteady", "steady", "murals"):
        command.add_argument(f"--{name}", required=True, metavar="TIME", help="as 9m or 1h30m; murals: for both, twice")
    command.add_argument("--processes", type=int, default=1, help="on a CPU: as many as it has cores")
    command.add_argument("further", nargs="*", help="behind --: options of murai train, as --perceptual FOLDER")
    return command.parse_args()


if __name__ == "__main__":
    arguments, shown = _read_command(), Console()
    shutil.copytree(train_gallery(arguments, shown), _ROOT / "styles" / arguments.name, dirs_exist_ok=True)
    shown.print(f"copied to styles/{arguments.name}")
