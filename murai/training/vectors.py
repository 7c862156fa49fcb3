"""A new style for a finished network: where its vectors begin."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from murai.networks.style import StyleNetworkSpec
from murai.training.data import Photographs, draw_deals
from murai.training.model import StyleModel
from murai.training.objective import Job, Objective
from murai.training.recipe import Recipe

_TRIAL_PHOTOGRAPHS = 4


def vectors_alone(
    spec: StyleNetworkSpec, network: dict[str, Tensor], known: tuple[Tensor, Tensor], job: Job, recipe: Recipe
) -> StyleModel:
    """A model of the job's styles alone, with the finished network and the known vectors that suit each best.

    The job's photographs are painted with each known style's vectors, and with the mean of all; the ones with the
    lowest loss against the new style image are its start.

    network: the finished network's `state_dict`. known: scale and shift (S, V) of the styles it holds.
    """
    scale, shift = (torch.cat([each, each.mean(0, keepdim=True)]) for each in known)
    trial = model_with(spec, network, scale, shift).to(job.photographs.device)
    best = _best_by_style(trial, job, recipe)
    return model_with(spec, network, scale[best], shift[best])


def model_with(spec: StyleNetworkSpec, network: dict[str, Tensor], scale: Tensor, shift: Tensor) -> StyleModel:
    """A model of these weights, float32. scale, shift: (S, V)."""
    model = StyleModel(spec, len(scale))
    model.network.load_state_dict(network)
    with torch.no_grad():
        model.scale.copy_(scale)
        model.shift.copy_(shift)
    return model


def _best_by_style(trial: StyleModel, job: Job, recipe: Recipe) -> list[int]:
    """For each style of the job, the number of the trial's vectors that paint most like it."""
    objective = Objective(job, recipe, job.photographs.device)
    photographs = _some_squares(job.photographs, recipe)
    with torch.no_grad():
        paintings = [trial(photographs, _alike(number, photographs)) for number in range(trial.styles)]
        best = []
        for style in range(len(job.styles)):
            losses = [_loss(objective, painted, photographs, style) for painted in paintings]
            best.append(min(range(len(losses)), key=losses.__getitem__))
    return best


def _loss(objective: Objective, painted: Tensor, photographs: Tensor, style: int) -> float:
    content, style_loss = objective.likeness(painted, photographs, _alike(style, photographs))
    return float(objective.weights.content * content + objective.weights.style * style_loss)


def _alike(number: int, pictures: Tensor) -> Tensor:
    return torch.full((len(pictures),), number, device=pictures.device)


def _some_squares(photographs: Photographs, recipe: Recipe) -> Tensor:
    deals = draw_deals(len(photographs), _TRIAL_PHOTOGRAPHS, torch.Generator().manual_seed(recipe.seed))
    return photographs.squares(deals, recipe.square_px)


def joined(old: Sequence[Tensor], new: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Tables (S, V) of old styles, which stay bit-equal, with those of new styles below them."""
    return tuple(torch.cat([one, other.to(one.device)]) for one, other in zip(old, new, strict=True))
