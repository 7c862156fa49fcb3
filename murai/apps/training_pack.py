"""What a training run leaves: the pack, its previews, its loss curves and a sheet of samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from murai import __version__
from murai.apps.previews import write_previews
from murai.apps.training_run import Run
from murai.apps.training_setup import told_perceptual
from murai.networks.perceptual import PerceptualNetwork
from murai.stylize.pack import StyleFacts
from murai.stylize.pack_writer import PackContents, write_pack
from murai.training.model import StyleModel, paint_still
from murai.training.objective import Job
from murai.training.recipe import Recipe

CURVES_FILE = "losses.png"


@dataclass(frozen=True)
class Trained:
    """A model with what belongs to it in a pack.

    mean, deviation: (S, V), the usual statistics. training: for people, see `training_facts`.
    """

    title: str
    licence: str
    model: StyleModel
    mean: Tensor
    deviation: Tensor
    styles: list[StyleFacts]
    training: dict[str, str | int | float]


def write_trained(folder: Path, trained: Trained) -> None:
    """Writes the pack, with a preview of each style, and a sheet of all.

    Raises:
        PackError: something can't be written.
    """
    model = trained.model
    contents = PackContents(
        title=trained.title,
        licence=trained.licence,
        spec=model.spec,
        network={name: tensor.cpu() for name, tensor in model.network.state_dict().items()},
        scale=model.scale.detach().cpu(),
        shift=model.shift.detach().cpu(),
        mean=trained.mean.cpu(),
        deviation=trained.deviation.cpu(),
        styles=trained.styles,
        training=trained.training,
    )
    write_pack(folder, contents)
    write_previews(partial(paint_still, model), trained.styles, folder)


def training_facts(run: Run, job: Job) -> dict[str, str | int | float]:
    """Where, how long and on what was trained, and after what, for pack.toml."""
    before: dict[str, str | int | float] = {"before": run.before} if run.before else {}
    recipe = run.trainer.recipe
    told = {name: getattr(recipe, name) for name in ("batch", "square_px", "late_square_px", "seed")}
    loss = told_loss(recipe, job.network)
    if job.clips is None and recipe.weights.clip > 0.0:
        del loss["clip_weight"]  # there was nothing that it could weigh
    return before | {
        "program": f"murai {__version__}",
        "device": run.machine.told,
        "minutes": round(run.trainer.spent_s / 60.0, 1),
        "steps": run.trainer.step,
        "photographs": len(job.photographs),
        "rate": round(recipe.kernel_rate / Recipe.kernel_rate, 3),
        **told,
        **loss,
    }


def told_loss(recipe: Recipe, network: PerceptualNetwork) -> dict[str, Any]:
    """What was trained for, for pack.toml."""
    return told_perceptual(network) | told_recipe_loss(recipe)


def told_recipe_loss(recipe: Recipe) -> dict[str, Any]:
    """The same without what the perceptual network has of its own."""
    weights = {f"{name}_weight": weight for name, weight in vars(recipe.weights).items()}
    return {"style_px": recipe.style_px, "style_distance": recipe.style_distance} | weights
