"""The optimisation gets as far as a plain one does, and gives the best that it saw."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from murai.errors import PaintingError
from murai.painting.objective import Evaluation, Objective, PaintingWeights
from murai.painting.optimise import OptimiserName, OptimiserSettings, optimise
from murai.painting.styles import Style, regions_of
from tests.networks.vgg_files import REAL
from tests.painting.drawn import eyes, noise, stripes, vgg_folder

SIZE = (40, 48)
STEPS = 60


def plain_features(picture: Tensor) -> dict[str, Tensor]:
    """relu1_1 and relu2_1 without their rims, as written in the paper: filter by filter, averages between."""
    tensors = {name: each.double() for name, each in load_file(vgg_folder() / REAL).items()}
    x = picture.flip(0)[None] * 255.0 - torch.tensor([103.939, 116.779, 123.68]).double().view(1, 3, 1, 1)
    first = F.relu(F.conv2d(x, tensors["conv1_1.weight"], tensors["conv1_1.bias"], padding=1))
    x = F.relu(F.conv2d(first, tensors["conv1_2.weight"], tensors["conv1_2.bias"], padding=1))
    x = F.avg_pool2d(x, 2)
    second = F.relu(F.conv2d(x, tensors["conv2_1.weight"], tensors["conv2_1.bias"], padding=1))
    return {"relu1_1": first[0, :, 1:-1, 1:-1], "relu2_1": second[0, :, 1:-1, 1:-1]}


def plain_gram(features: Tensor) -> Tensor:
    flat = features.flatten(1)
    return flat @ flat.T / flat.shape[1]


def plain_losses(picture: Tensor, content: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
    seen, wanted, of_image = (plain_features(each) for each in (picture, content, image))
    content_loss = (seen["relu2_1"] - wanted["relu2_1"]).norm() ** 2 / wanted["relu2_1"].norm() ** 2
    style_loss = torch.zeros((), dtype=torch.float64)
    for layer, weight in (("relu1_1", 1.0), ("relu2_1", 1.5)):
        target = plain_gram(of_image[layer])
        style_loss = style_loss + weight * (plain_gram(seen[layer]) - target).norm() ** 2 / target.norm() ** 2
    return content_loss, style_loss


def plain_optimum(content: Tensor, image: Tensor) -> tuple[float, float]:
    """Losses that torch's own L-BFGS with a line search gets down to."""
    picture = content.clone().requires_grad_()
    solver = torch.optim.LBFGS([picture], max_iter=STEPS, history_size=20, line_search_fn="strong_wolfe")

    def evaluate() -> Tensor:
        solver.zero_grad()
        content_loss, style_loss = plain_losses(picture, content, image)
        total = content_loss + 10.0 * style_loss
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(evaluate)  # type: ignore[no-untyped-call]
    content_loss, style_loss = plain_losses(picture.detach(), content, image)
    return float(content_loss), float(style_loss)


def objective(weights: PaintingWeights, image: Tensor) -> Objective:
    regions = regions_of(eyes(), [Style(image)], SIZE, 1.0, 256)
    return Objective(eyes(), noise(*SIZE), regions, weights, 256)


def test_losses_fall_to_what_a_plain_implementation_reaches() -> None:
    content, image = noise(*SIZE), stripes(40, 40, 10, seed=3)
    plain_content, plain_style = plain_optimum(content, image)
    found: list[dict[str, float]] = []
    optimise(
        content,
        objective(PaintingWeights(1.0, 10.0, 0.0), image),
        OptimiserSettings(),
        STEPS,
        lambda step, losses, picture: found.append(losses),
    )
    best = min(found, key=lambda losses: losses["total"])
    start_content, start_style = plain_losses(content, content, image)
    assert (found[0]["content"], found[0]["style"]) == pytest.approx((float(start_content), float(start_style)))
    assert best["style"] < 0.1 * found[0]["style"]
    assert best["content"] + 10.0 * best["style"] == pytest.approx(plain_content + 10.0 * plain_style, rel=0.05)
    assert best["content"] == pytest.approx(plain_content, rel=0.1)
    assert best["style"] == pytest.approx(plain_style, rel=0.2)


@pytest.mark.parametrize("name", ["lbfgs", "adam"])
def test_the_picture_given_is_the_best_that_was_seen(name: str) -> None:
    goal = objective(PaintingWeights(), stripes(40, 40, 10, seed=3))
    totals: list[float] = []
    settings = OptimiserSettings(name, rate=0.2)  # type: ignore[arg-type]  # so fast that it overshoots
    found = optimise(noise(*SIZE), goal, settings, 15, lambda step, losses, picture: totals.append(losses["total"]))
    assert len(totals) == 15
    assert goal.evaluate(found).losses["total"] <= min(totals) * 1.1  # it is clamped
    assert min(totals) < 0.7 * totals[0]


def test_steps_are_told_with_the_picture_that_has_the_losses() -> None:
    goal = objective(PaintingWeights(), stripes(40, 40, 10, seed=3))
    seen: list[tuple[int, float, Tensor]] = []
    optimise(
        noise(*SIZE),
        goal,
        OptimiserSettings(),
        4,
        lambda step, losses, picture: seen.append((step, losses["total"], picture.clone())),
    )
    assert [step for step, _, _ in seen] == [1, 2, 3, 4]
    assert torch.equal(seen[0][2], noise(*SIZE))
    for _, total, picture in seen:
        assert goal.evaluate(picture).losses["total"] == pytest.approx(total, rel=1e-9)


class Scripted:
    """An objective whose losses are known beforehand; `asked` are the pictures that they are of."""

    def __init__(self, *totals: float) -> None:
        self._totals = list(totals)
        self.asked: list[Tensor] = []

    def evaluate(self, picture: Tensor) -> Evaluation:
        self.asked.append(picture.clone())
        total = self._totals.pop(0)
        return Evaluation({"total": total, "content": total, "style": 0.0}, torch.ones_like(picture))


def test_a_step_that_spoils_the_picture_is_taken_back_at_the_end() -> None:
    goal = Scripted(3.0, 1.0, 2.0, 2.5)
    found = optimise(noise(8, 8), goal, OptimiserSettings("adam", rate=0.01), 3)  # type: ignore[arg-type]
    assert torch.equal(found, goal.asked[1].clamp(0.0, 1.0))
    last = Scripted(3.0, 1.0, 2.0, 0.5)
    found = optimise(noise(8, 8), last, OptimiserSettings("adam", rate=0.01), 3)  # type: ignore[arg-type]
    assert torch.equal(found, last.asked[3].clamp(0.0, 1.0))


def test_a_loss_that_is_no_number_ends_it_with_the_best_so_far_or_in_words() -> None:
    goal = Scripted(3.0, 1.0, float("nan"))
    found = optimise(noise(8, 8), goal, OptimiserSettings("adam", rate=0.1), 10)  # type: ignore[arg-type]
    assert torch.equal(found, goal.asked[1].clamp(0.0, 1.0))
    with pytest.raises(PaintingError, match="the loss is no number: give smaller weights"):
        optimise(noise(8, 8), Scripted(float("nan")), OptimiserSettings(), 10)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["lbfgs", "adam"])
def test_what_all_weights_are_multiplied_by_does_not_count(name: OptimiserName) -> None:
    """As in large pictures, where the slope of each pixel is small."""
    image = stripes(*SIZE, 6, seed=2)

    def fallen(factor: float) -> float:
        weighed = objective(PaintingWeights(factor, 10.0 * factor, 0.1 * factor), image)
        start = noise(*SIZE)
        found = optimise(start, weighed, OptimiserSettings(name), 20)
        return weighed.evaluate(found).losses["total"] / weighed.evaluate(start).losses["total"]

    usual = fallen(1.0)
    assert usual < 0.2
    assert fallen(1e-6) == pytest.approx(usual, rel=0.1)
