"""Training as small as it can be: drawn photographs, a perceptual network of a few hundred weights."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from murai.networks.perceptual import Layers
from murai.networks.style import StyleNetworkSpec
from murai.training.data import Photographs, find_content
from murai.training.loop import Trainer
from murai.training.objective import Job
from murai.training.recipe import Recipe
from murai.training.style_image import StyleImage

SPEC = StyleNetworkSpec(width=0.25, blocks=1)


class TinyEyes:
    """A perceptual network of two layers, smooth everywhere, so that its slopes can be measured."""

    name = "tiny"
    layers = Layers(content={"deep": 1.0}, style={"shallow": 1.0, "deep": 1.0})

    def __init__(self) -> None:
        random = torch.Generator().manual_seed(11)
        self._first = torch.randn((6, 3, 3, 3), generator=random) * 0.5
        self._second = torch.randn((8, 6, 3, 3), generator=random) * 0.3

    def features(self, pictures: Tensor, wanted: Collection[str] | None = None) -> dict[str, Tensor]:
        shallow = F.softplus(F.conv2d(_around(pictures), self._first.to(pictures)))
        deep = F.softplus(F.conv2d(_around(shallow), self._second.to(shallow), stride=2))
        return {"shallow": shallow, "deep": deep}


def _around(x: Tensor) -> Tensor:
    """The picture goes on with its other side, so that a pattern looks the same at the edge."""
    return F.pad(x, [1, 1, 1, 1], mode="circular")


def draw_photograph(file: Path, width: int, height: int, seed: int) -> Path:
    """Coloured blocks over a slope; the format is that of the file's ending."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, 200, (height // 8 + 1, width // 8 + 1, 3)).repeat(8, 0).repeat(8, 1)[:height, :width]
    slope = np.linspace(0, 55, width)[None, :, None]
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((blocks + slope).astype(np.uint8)).save(file)
    return file


def draw_photographs(folder: Path, count: int, width: int = 56, height: int = 48) -> Path:
    for number in range(count):
        draw_photograph(folder / f"photograph-{number:02}.png", width, height, seed=number)
    return folder


def style_image(number: int) -> Tensor:
    """(3, 40, 40) uint8: stripes of one colour on another, different for each number; all quarters are alike."""
    random = torch.Generator().manual_seed(100 + number)
    colours = torch.randint(0, 256, (2, 3, 1, 1), generator=random, dtype=torch.uint8)
    stripes = (torch.arange(40) // (2, 5, 10)[number]) % 2 == 0
    return torch.where(stripes.expand(3, 40, 40), colours[0], colours[1])


def tiny_recipe(steps: int = 10, **others: object) -> Recipe:
    """Squares of 32 px, larger ones in the last quarter, in batches of 2."""
    told = {"network": SPEC, "steps": steps, "batch": 2, "square_px": 32, "late_square_px": 40} | others
    return Recipe(**told)  # type: ignore[arg-type]


def tiny_job(photographs: Path, recipe: Recipe, styles: int = 2, device: torch.device | None = None) -> Job:
    kept = device or torch.device("cpu")
    read = Photographs(find_content([photographs], 1), recipe.largest_px, at_least=1, device=kept)
    images = [StyleImage(f"style-{number}", (style_image(number),), (None,)) for number in range(styles)]
    return Job(TinyEyes(), read, images)


def tiny_trainer(photographs: Path, recipe: Recipe, styles: int = 2) -> Trainer:
    return Trainer(recipe, tiny_job(photographs, recipe, styles))
