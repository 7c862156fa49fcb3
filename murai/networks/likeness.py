"""How far a painting is from its photograph's content and from its painting's style (Gatys et al. 2016)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from murai.errors import TrainingError
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style_statistics import STATISTICS, StyleKind, at_least_single, relative_distance

_NO_RIM_POSITIONS = 4


def style_targets(
    network: PerceptualNetwork,
    images: Tensor | Sequence[Tensor],
    masks: Tensor | Sequence[Tensor | None] | None = None,
    kind: StyleKind = "gram",
) -> dict[str, Tensor]:
    """A style by layer: the statistics of its image, or the means of those of several images.

    images: (3, H, W) float RGB in [0, 1], one or several of any sizes.
    masks: for each image (H, W) in [0, 1], how much a place counts, or None for all alike. It weights the
        positions at every layer.

    Raises:
        TrainingError: a mask that is no mask of its image, or leaves nothing.
    """
    several = [images] if isinstance(images, Tensor) else list(images)
    covers = [masks] * len(several) if masks is None or isinstance(masks, Tensor) else list(masks)
    if not several or len(covers) != len(several):
        raise TrainingError(f"{len(several)} images of a style and {len(covers)} masks", "give each image its own")
    found = [_of_image(network, image, mask, kind) for image, mask in zip(several, covers, strict=True)]
    return {layer: torch.stack([one[layer] for one in found]).mean(0) for layer in found[0]}


def _of_image(network: PerceptualNetwork, image: Tensor, mask: Tensor | None, kind: StyleKind) -> dict[str, Tensor]:
    if mask is not None:
        _check_mask(mask, image)
    statistic = STATISTICS[kind]
    with torch.no_grad():
        found = network.features(image[None], network.layers.style)
        return {
            layer: statistic(inner(found[layer]), None if mask is None else inner(_at_layer(mask, found[layer])))[0]
            for layer in network.layers.style
        }


def _check_mask(mask: Tensor, image: Tensor) -> None:
    if mask.shape != image.shape[1:]:
        sizes = " and ".join(f"{tensor.shape[-1]}x{tensor.shape[-2]}" for tensor in (mask, image))
        raise TrainingError(f"a mask and its image are of different sizes, {sizes}", "give them the same size")
    if float(mask.sum()) <= 0.0:
        raise TrainingError("a mask is black everywhere", "leave white what shall count")


def _at_layer(mask: Tensor, features: Tensor) -> Tensor:
    height, width = features.shape[2:]
    return F.adaptive_avg_pool2d(mask[None, None].float(), (height, width))


def content_targets(network: PerceptualNetwork, photographs: Tensor) -> dict[str, Tensor]:
    """What the photographs (N, 3, H, W) in [0, 1] show, by content layer; nothing deeper is computed."""
    with torch.no_grad():
        found = network.features(photographs, network.layers.content)
    return {layer: at_least_single(inner(features)) for layer, features in found.items()}


def usual_content(network: PerceptualNetwork, photographs: Tensor) -> dict[str, float]:
    """The mean square of the photographs' features by content layer. photographs: (N, 3, H, W) in [0, 1]."""
    return {layer: float(found.square().mean()) for layer, found in content_targets(network, photographs).items()}


def inner(features: Tensor) -> Tensor:
    """Features (N, C, h, w) without their rim of one position.

    There a perceptual network sees the nothing outside the picture as an edge; a painting that is measured
    by it gets a dull frame. Very small ones are left whole.
    """
    rim = rim_of((features.shape[-2], features.shape[-1]))
    return features[..., rim:-rim, rim:-rim] if rim else features


def rim_of(positions: tuple[int, int]) -> int:
    """How many positions at each edge `inner` leaves out of features of this size, (h, w)."""
    return 1 if min(positions) > _NO_RIM_POSITIONS else 0


def losses_by_picture(
    network: PerceptualNetwork,
    painted: Tensor,
    content: Mapping[str, Tensor],
    style: Mapping[str, Tensor],
    kind: StyleKind = "gram",
    usual: Mapping[str, float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Content and style loss of each painting, (N,) each: weighted sums over the network's layers.

    Each layer's is a squared difference over the squared norm of what is wanted: 1 for a picture without any.

    painted: (N, 3, H, W) float RGB in [0, 1].
    content: of `content_targets`.
    style: by layer as of `style_targets`, one for all (...) or one for each painting (N, ...); of the same kind.
    usual: of `usual_content`; a photograph that shows less is measured as if it showed that much. Where many
        are learnt from, dark and flat ones would otherwise count for a multiple of all others.
    """
    layers = network.layers
    seen = network.features(painted, {*layers.content, *layers.style})
    found = {layer: inner(features) for layer, features in seen.items()}
    content_loss = style_loss = torch.zeros(len(painted), device=painted.device)
    for layer, weight in layers.content.items():
        least = 0.0 if usual is None else usual[layer]
        distance = relative_distance(at_least_single(found[layer]), content[layer], least)
        content_loss = content_loss + weight * distance
    for layer, weight in layers.style.items():
        reached = STATISTICS[kind](found[layer])
        wanted = style[layer].expand_as(reached)
        style_loss = style_loss + weight * relative_distance(reached, wanted)
    return content_loss, style_loss


def perceptual_losses(
    network: PerceptualNetwork,
    painted: Tensor,
    photographs: Tensor,
    style: Mapping[str, Tensor],
    kind: StyleKind = "gram",
    usual: Mapping[str, float] | None = None,
) -> tuple[Tensor, Tensor]:
    """Content and style loss as means over the batch, scalars. See `losses_by_picture`.

    Means of what each picture has by itself, so that a batch dealt out to several machines has the same loss.
    """
    wanted = content_targets(network, photographs)
    content_loss, style_loss = losses_by_picture(network, painted, wanted, style, kind, usual)
    return content_loss.mean(), style_loss.mean()
