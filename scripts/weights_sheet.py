"""Draws what each loss's weight does: a style trained on with too little of it, the usual, and too much.

Usage: weights_sheet.py IMAGE --pack PACK --style NAME --photographs FOLDER [--perceptual FOLDER] -o SHEET.jpg

Starts from the pack's network and the style's vectors, and trains both for some hundred steps for each picture.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from murai.apps.previews import draw_scene
from murai.apps.training_options import MachineOptions, PerceptualOptions
from murai.apps.training_setup import open_eyes, open_machine
from murai.stylize.pack import load_weights
from murai.stylize.shelf import find_pack
from murai.training.data import Photographs, find_content
from murai.training.loop import Trainer
from murai.training.losses import LossWeights
from murai.training.machine import Machine
from murai.training.model import paint_still
from murai.training.objective import Job
from murai.training.recipe import Recipe
from murai.training.style_image import StyleSource, read_style
from murai.training.vectors import model_with

LITTLE_AND_MUCH = {
    "content": (0.05, 8.0),
    "style": (0.3, 60.0),
    "tone": (0.0, 400.0),
    "variation": (0.0, 2.0),
    "grid": (0.0, 20000.0),
    "noise": (0.0, 20000.0),
    "motion": (0.0, 3000.0),
}
SIZE_PX = (400, 224)
MOMENT_S = 1.0
GAP_PX = 8
LABEL_PX = 24


def trained_picture(pack: str, style: str, weights: LossWeights, steps: int, job: Job, machine: Machine) -> Image.Image:
    """The drawn scene, painted by the pack's network after it was trained on with these weights."""
    found = find_pack(pack)
    known = load_weights(found)
    row = slice(found.index_of(style), found.index_of(style) + 1)
    spec = found.facts.network.spec
    start = model_with(spec, known.network.state_dict(), known.scale[row], known.shift[row])
    recipe = Recipe(network=spec, weights=weights, steps=steps, late_share=0.0, damage=False)
    trainer = Trainer(recipe, job, machine, start=start)
    for _ in trainer.run():
        pass
    picture = paint_still(trainer.averaged, draw_scene(MOMENT_S, SIZE_PX), 0)
    return Image.fromarray(picture.permute(1, 2, 0).contiguous().numpy())


def draw_sheet(rows: dict[str, list[tuple[str, Image.Image]]]) -> Image.Image:
    """One row a loss; each picture with its weight above."""
    width, height = SIZE_PX
    down = height + LABEL_PX + GAP_PX
    sheet = Image.new("RGB", (GAP_PX + 3 * (width + GAP_PX), GAP_PX + len(rows) * down), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for number, tiles in enumerate(rows.values()):
        for column, (label, picture) in enumerate(tiles):
            left, top = GAP_PX + column * (width + GAP_PX), GAP_PX + number * down
            pen.text((left, top), label, fill="black", font=font)
            sheet.paste(picture, (left, top + LABEL_PX))
    return sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image", type=Path)
    parser.add_argument("--pack", default="gallery-lite")
    parser.add_argument("--style", required=True)
    parser.add_argument("--photographs", type=Path, required=True)
    parser.add_argument("--perceptual", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("-o", "--output", type=Path, required=True)
    told = parser.parse_args()
    logging.getLogger("murai").setLevel(logging.ERROR)
    usual = LossWeights()
    recipe = Recipe()
    with open_machine(MachineOptions()) as machine:
        eyes = open_eyes(PerceptualOptions(folder=told.perceptual), machine)
        files = find_content([told.photographs], 1)
        photographs = Photographs(files, recipe.square_px, at_least=1, device=machine.device)
        job = Job(eyes, photographs, [read_style(StyleSource(told.style, (told.image,)), recipe.style_px)])

        def picture(weights: LossWeights) -> Image.Image:
            return trained_picture(told.pack, told.style, weights, told.steps, job, machine)

        middle = picture(usual)
        rows = {}
        for name, (little, much) in LITTLE_AND_MUCH.items():
            few, many = (picture(replace(usual, **{name: weight})) for weight in (little, much))
            tiles = zip((little, getattr(usual, name), much), (few, middle, many), strict=True)
            rows[name] = [(f"{name} {weight:g}", each) for weight, each in tiles]
    draw_sheet(rows).save(told.output, quality=85)


if __name__ == "__main__":
    main()
