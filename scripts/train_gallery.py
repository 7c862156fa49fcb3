"""Trains one of the packs that come with Murai: the paintings, the twin without losses for steadiness, the murals.

    python scripts/train_gallery.py gallery --title Gallery --paintings FOLDER --photographs FOLDER \\
        --start styles/gallery --unsteady 60m --steady 15m --murals 8m -- --detail 1

What stands behind -- goes to every `murai train`. Stopped, it goes on where it was when it is started again: the work
folder has the packs that are done and the checkpoint of what isn't. In the end styles/NAME is replaced.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli_w
from murals.__main__ import MURALS

from murai.apps.training_options import parse_duration
from murai.errors import ConfigError

_ROOT = Path(__file__).resolve().parent.parent
_MURALS = ("tropical", "wildstyle")
_MURAL_PX, _MURAL_SEED = 1024, 1
_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_GROWING = ("--square-px", "192", "--late-square-px", "256", "--late-share", "0.5")
_LARGE = ("--square-px", "256", "--late-square-px", "256")
_UNSTEADY = ("--no-stability",)
_STEADY = ("--noise-weight", "100", "--motion-weight", "12")
_FAILED, _INTERRUPTED = 1, 130


class NotTrained(Exception):
    """The pack can't be trained, and why."""


@dataclass(frozen=True)
class Training:
    """Calls `murai train`.

    work: folder for packs and checkpoints. about: what is told of all styles. further: options for all calls.
    """

    work: Path
    photographs: Path
    processes: int
    about: Mapping[str, object]
    further: Sequence[str]

    def pack(self, name: str, images: Sequence[Path], told: Sequence[str | Path]) -> Path:
        """The pack of that name below the work folder, trained unless that was done before.

        Raises:
            NotTrained: it was done with other options, or failed.
        """
        folder, stem = self.work / name, name.replace("/", "-")
        done, checkpoint, about = (self.work / f"{stem}.{ending}" for ending in ("done", "pt", "toml"))
        options = " ".join(map(str, [self.about["pack"], *images, *told, *self.further]))
        if not done.exists():
            again = ["--resume"] if checkpoint.exists() else []
            sys.stdout.write(f"{folder}: {'going on' if again else 'training'}\n")
            sys.stdout.flush()
            named = {style: self.about[style] for style in ("pack", *(image.stem for image in images))}
            about.write_text(tomli_w.dumps(named), encoding="utf-8")
            into: list[str | Path] = ["-o", folder, "--checkpoint", checkpoint]
            self._call([*images, *into, "--photographs", self.photographs, "--about", about, *told, *again])
            done.write_text(options, encoding="utf-8")
        elif done.read_text(encoding="utf-8") != options:
            raise NotTrained(f"{folder} was trained with other options: give the same, or another --work")
        return folder

    def _call(self, words: Sequence[str | Path]) -> None:
        several = ["-m", "torch.distributed.run", "--nproc-per-node", str(self.processes), "-m", "--", "murai"]
        begin = several if self.processes > 1 else ["-m", "murai"]
        _run([sys.executable, *begin, "train", *map(str, words), *self.further])


def main() -> int:
    ours = sys.argv[1:]
    at = ours.index("--") if "--" in ours else len(ours)
    told = read_command(ours[:at])
    try:
        pack = train_gallery(told, ours[at + 1 :])
        _run([sys.executable, "-m", "murai", "styles", "verify", str(pack)])
        place = _ROOT / "styles" / told.name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(pack, place)
    except (NotTrained, OSError) as fault:
        sys.stderr.write(f"train_gallery: {fault}\n")
        return _FAILED
    except KeyboardInterrupt:
        sys.stderr.write("train_gallery: interrupted; the same command goes on\n")
        return _INTERRUPTED
    return 0


def train_gallery(told: argparse.Namespace, further: Sequence[str]) -> Path:
    """All of it; gives the finished pack's folder, below the work folder.

    Raises:
        NotTrained: a painting is missing, or a command failed.
    """
    told.work.mkdir(parents=True, exist_ok=True)
    about = tomllib.loads((_ROOT / "scripts" / "gallery.toml").read_text(encoding="utf-8"))
    about["pack"]["title"] = told.title
    training = Training(told.work, told.photographs, told.processes, about, further)
    paintings = [_painting(told.paintings, name) for name in about if name not in ("pack", *_MURALS)]
    murals = [_mural(told.work / "murals", name) for name in _MURALS]

    start = ["--start", told.start, "--rate", told.rate] if told.start else []
    longest = [*_GROWING, *_UNSTEADY, *start, "--time", told.unsteady]
    unsteady = training.pack(f"unsteady/{told.name}", paintings, longest)
    gently = ["--start", told.work / f"unsteady-{told.name}.pt", "--rate", "0.25", "--time", told.steady]
    steady = training.pack(f"steady/{told.name}", paintings, [*_LARGE, *_STEADY, *gently])

    briefly = [*_LARGE, "--time", told.murals]
    whole = training.pack(f"whole/{told.name}", murals, [*briefly, *_STEADY, "--into", steady])
    training.pack(f"twin/{told.name}", murals, [*briefly, *_UNSTEADY, "--into", unsteady, "--twin-of", whole])
    return whole


def _painting(folder: Path, name: str) -> Path:
    for ending in _ENDINGS:
        if (file := folder / f"{name}{ending}").is_file():
            return file
    raise NotTrained(f"{folder} lacks {name}{_ENDINGS[0]}: add it")


def _mural(folder: Path, name: str) -> Path:
    file = folder / f"{name}.png"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        MURALS[name](_MURAL_PX, _MURAL_SEED).picture().save(file)
    return file


def _run(words: Sequence[str]) -> None:
    status = subprocess.run(words).returncode
    if status:
        raise NotTrained(f"`murai` ended with status {status}; what it said stands above")


def _plain_name(word: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", word):
        return word
    raise argparse.ArgumentTypeError(f"'{word}' is no name: small letters, digits, - and _")


def _time(word: str) -> str:
    try:
        parse_duration(word)
    except ConfigError as fault:
        raise argparse.ArgumentTypeError(str(fault)) from fault
    return word


def read_command(words: Sequence[str]) -> argparse.Namespace:
    command = argparse.ArgumentParser(
        prog="train_gallery.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.add_argument("name", type=_plain_name, help="of the pack, and of the folder that it gets")
    command.add_argument("--title", required=True)
    for name in ("paintings", "photographs"):
        command.add_argument(f"--{name}", type=Path, required=True, help="folder")
    command.add_argument("--work", type=Path, default=Path("runs/gallery"), help="folder; runs/gallery")
    command.add_argument("--start", help="pack or checkpoint to begin with")
    command.add_argument("--rate", default="0.4", help="share of the usual rates, with --start; 0.4")
    for name in ("unsteady", "steady", "murals"):
        told = "as 9m or 1h30m; murals: for both, twice"
        command.add_argument(f"--{name}", type=_time, required=True, metavar="TIME", help=told)
    command.add_argument("--processes", type=int, default=1, help="on a CPU: as many as it has cores")
    return command.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
