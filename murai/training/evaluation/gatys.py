"""Gatys et al.'s optimisation on the very loss that a network was trained for, to compare the network with."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from murai.errors import TrainingError
from murai.training.evaluation.yardstick import Yardstick

Start = Literal["noise", "photograph"]
SHOWN_STEPS = (5, 10, 20, 30, 40, 50, 60, 80, 100)
"""After these many steps a picture is kept, and after the last."""

_HISTORY = 20
_SEED = 1
_VERSION = 3  # of everything below that a curve depends on: a higher one makes kept curves worthless


@dataclass(frozen=True)
class Curve:
    """One optimisation: `totals[k]` is the loss after k steps; pictures by steps, (3, H, W) uint8."""

    totals: tuple[float, ...]
    pictures: Mapping[int, Tensor]

    def steps_to(self, total: float) -> float:
        """How many steps it takes to get down to this loss, between two steps by a straight line.

        A loss counts as reached once any step so far was as low. 0 for what the start has already; the
        number of all steps for what was never reached.
        """
        lowest = math.inf
        for step, loss in enumerate(self.totals):
            if loss <= total:
                return max(0.0, step - (total - loss) / (lowest - loss)) if step else 0.0
            lowest = min(lowest, loss)
        return float(len(self.totals) - 1)

    def picture_near(self, steps: float) -> tuple[int, Tensor]:
        """The kept picture nearest to so many steps, and its own number of steps."""
        nearest = min(self.pictures, key=lambda step: abs(step - steps))
        return nearest, self.pictures[nearest]


def optimise(yardstick: Yardstick, start: Start, steps: int, after_step: Callable[[], None] = lambda: None) -> Curve:
    """L-BFGS from noise, as Johnson et al. 2016 compare with (section 4.1), or from the photograph itself.

    Projected as theirs: after each step the picture is clipped to [0, 1], where every painting lies. Without that it
    ends far outside, at a loss that nothing on a screen has. No line search: one evaluation a step, as in their
    figures. Noise is N(0.5, 0.1), the same each time.

    after_step: called after each, `steps` times.
    """
    picture = _first(yardstick.photograph, start).clamp_(0.0, 1.0).requires_grad_(True)
    solver = torch.optim.LBFGS(
        [picture], lr=1.0, max_iter=1, max_eval=1, history_size=_HISTORY, tolerance_grad=0.0, tolerance_change=0.0
    )
    totals: list[float] = []
    pictures: dict[int, Tensor] = {}

    def evaluate() -> Tensor:
        solver.zero_grad()
        total = yardstick.losses(picture).total(yardstick.weights)
        total.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        totals.append(float(total.detach()))
        return total

    for step in range(1, steps + 1):
        solver.step(evaluate)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            picture.clamp_(0.0, 1.0)
        if step in SHOWN_STEPS or step == steps:
            pictures[step] = (picture.detach() * 255.0).round().to(torch.uint8).cpu()
        after_step()
    with torch.no_grad():  # L-BFGS looks at the loss before each step
        totals.append(float(yardstick.losses(picture).total(yardstick.weights)))
    return Curve(tuple(totals), pictures)


def _first(photograph: Tensor, start: Start) -> Tensor:
    if start == "photograph":
        return photograph.clone().contiguous()
    random = torch.Generator().manual_seed(_SEED)
    return (torch.randn(photograph.shape, generator=random) * 0.1 + 0.5).to(photograph.device)


class CurveStore:
    """Curves kept on disk: they don't depend on the network that is compared with them.

    identity: tells apart what a digest of pictures and weights can't: the perceptual network with its files and layers,
        its number type and the device.
    """

    def __init__(self, folder: Path, identity: str) -> None:
        self._folder = folder
        self._identity = identity

    def curve(
        self, yardstick: Yardstick, images: bytes, start: Start, steps: int, after_step: Callable[[], None]
    ) -> Curve:
        """The kept curve of at least so many steps, cut to these, or a new one, which is then kept.

        images: of the style, everything that decides its targets.

        Raises:
            TrainingError: it can't be kept.
        """
        file = self._folder / f"{self._key(yardstick, images, start)}.safetensors"
        kept = _read(file, steps)
        if kept is None:
            kept = optimise(yardstick, start, steps, after_step)
            _write(file, kept)
        else:
            for _ in range(steps):
                after_step()
        return kept

    def _key(self, yardstick: Yardstick, images: bytes, start: Start) -> str:
        w = yardstick.weights  # those for steadiness have no part in it
        weights = (w.content, w.style, w.tone, w.variation)
        digest = hashlib.sha256(f"{_VERSION} {self._identity} {start} {weights} {yardstick.kind}".encode())
        photograph = yardstick.photograph.cpu().contiguous()
        digest.update(f"{tuple(photograph.shape)}".encode() + photograph.numpy().tobytes() + images)
        return digest.hexdigest()[:32]


def _read(file: Path, steps: int) -> Curve | None:
    try:
        tensors = load(file.read_bytes())
        totals = tensors.pop("totals").tolist()
        pictures = {int(step): tensors[step] for step in sorted(tensors, key=int) if int(step) <= steps}
    except (OSError, SafetensorError, KeyError, ValueError):  # none, or damaged: it can be made again
        return None
    return Curve(tuple(totals[: steps + 1]), pictures) if len(totals) > steps and pictures else None


def _write(file: Path, curve: Curve) -> None:
    tensors = {str(step): picture.contiguous() for step, picture in curve.pictures.items()}
    tensors["totals"] = torch.tensor(curve.totals, dtype=torch.float64)
    beside = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(save(tensors))
        beside.replace(file)
    except OSError as fault:
        raise TrainingError(f"can't write {file}: {fault.strerror}", "make room, or name another --cache") from fault
