"""What a painting should be: all losses are plain numbers near 1 at the start of training."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.networks.perceptual import PerceptualNetwork

_COARSE_PX = 12


@dataclass(frozen=True)
class LossWeights:
    """How much each loss counts.

    content: squared distance of the content layer's features, over the mean square of the photograph's.
    style: squared distance of Gram matrices over the squared norm of the style image's, summed over layers.
    tone: mean squared difference of light and dark in the large, luma in [0, 1]; overall brightness is free.
    steadiness: mean squared difference, RGB in [0, 1], of the paintings of a picture and of a noisy copy.
    variation: mean absolute difference of neighbouring pixels (total variation), RGB in [0, 1].
    """

    content: float = 1.0
    style: float = 4.0
    tone: float = 20.0
    steadiness: float = 300.0
    variation: float = 0.05


@dataclass(frozen=True)
class Losses:
    """One step's losses, unweighted: scalars on the training device."""

    content: Tensor
    style: Tensor
    tone: Tensor
    steadiness: Tensor
    variation: Tensor

    def by_name(self) -> dict[str, Tensor]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def total(self, weights: LossWeights) -> Tensor:
        """The weighted sum that is minimised."""
        return (
            weights.content * self.content
            + weights.style * self.style
            + weights.tone * self.tone
            + weights.steadiness * self.steadiness
            + weights.variation * self.variation
        )


def gram(features: Tensor) -> Tensor:
    """Gram matrices (Gatys et al. 2016, eq. 3) over the number of positions.

    features (N, C, H, W) of any float type; gives (N, C, C) float32.
    """
    flat = features.float().flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def style_grams(network: PerceptualNetwork, image: Tensor) -> dict[str, Tensor]:
    """The style image's Gram matrices by layer, each (C, C). image: (3, H, W) float RGB in [0, 1]."""
    with torch.no_grad():
        found = network.features(image[None])
    return {layer: gram(found[layer])[0] for layer in network.style_layers}


def perceptual_losses(
    network: PerceptualNetwork, painted: Tensor, photographs: Tensor, targets: dict[str, Tensor]
) -> tuple[Tensor, Tensor]:
    """Content and style loss, means over the batch.

    painted, photographs: (N, 3, H, W) float RGB in [0, 1].
    targets: by style layer, the Gram matrix that each painting should have, (N, C, C).
    """
    with torch.no_grad():
        wanted = network.features(photographs)[network.content_layer].float()
    found = network.features(painted)
    reached = found[network.content_layer].float()
    content = (reached - wanted).square().mean() / wanted.square().mean()
    style = torch.zeros((), device=painted.device)
    for layer, target in targets.items():
        distance = (gram(found[layer]) - target).square().sum((1, 2))
        style = style + (distance / target.square().sum((1, 2))).mean()
    return content, style


def tone(painted: Tensor, photographs: Tensor) -> Tensor:
    """How far light and dark lie elsewhere than in the photograph: mean squared difference of coarse luma.

    The Gram matrices ask every picture for the painting's share of darks, and would put them on faces
    as blotches. Strokes are finer than this looks. painted, photographs: (N, 3, H, W) in [0, 1].
    """
    luma = painted.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)
    coarse = F.avg_pool2d(((painted - photographs) * luma).sum(1, keepdim=True), _COARSE_PX)
    return (coarse - coarse.mean((2, 3), keepdim=True)).square().mean()


def total_variation(painted: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across plus down. painted: (N, 3, H, W) in [0, 1]."""
    across = (painted[..., 1:] - painted[..., :-1]).abs().mean()
    down = (painted[..., 1:, :] - painted[..., :-1, :]).abs().mean()
    return across + down


def sensor_noise(photographs: Tensor, generator: torch.Generator) -> Tensor:
    """A copy with noise as a cheap camera's in low light: Gaussian, sigma 2.5 to 5 of 255 by picture.

    photographs: (N, 3, H, W) float RGB in [0, 1]; so is the copy.
    """
    n = photographs.shape[0]
    sigma = torch.rand((n, 1, 1, 1), generator=generator, device=photographs.device) * 2.5 + 2.5
    noise = torch.randn(photographs.shape, generator=generator, device=photographs.device)
    return (photographs + noise * sigma / 255.0).clamp(0.0, 1.0)
