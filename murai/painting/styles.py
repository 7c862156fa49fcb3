"""What a painting is to look like: styles with their weights, and where each of them is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from murai.errors import PaintingError
from murai.imaging.masks import at_size
from murai.networks.perceptual import PerceptualNetwork
from murai.painting.resizing import resized, scaled_size
from murai.painting.tallies import TiledEyes


@dataclass(frozen=True)
class Style:
    """One style image.

    picture: (3, H, W) float RGB in [0, 1].
    weight: relative to the other styles': styles wanted at the same places are mixed by their weights, and a style
        at places of its own counts as much more there as its weight is above the others'.
    short_side_px: of the image in a painting at its full size, None for the painting's own short side. It is never
        enlarged. A larger one makes larger strokes.
    counts: mask (H, W) of the image, or None where all of it counts.
    where: mask of the content, of the content's size, or None where the style is wanted everywhere.
    """

    picture: Tensor
    weight: float = 1.0
    short_side_px: int | None = None
    counts: Tensor | None = None
    where: Tensor | None = None


@dataclass(frozen=True)
class Region:
    """Places that want the same style.

    cover: (H, W) in [0, 1] at the painting's size, None for everywhere.
    wanted: Gram matrix (C, C) by style layer.
    share: of the style loss; the shares' sum is 1 where all weights are alike and each place is wanted once.
    """

    cover: Tensor | None
    wanted: Mapping[str, Tensor]
    share: float


def regions_of(
    network: PerceptualNetwork, styles: Sequence[Style], size: tuple[int, int], zoom: float, tile_px: int
) -> list[Region]:
    """The regions of a painting. Styles whose masks are alike share one; its Gram matrices are their weighted mean.

    A mask that is black all over, as those of films are at times, has no region.

    A region's share of the loss is its share of the picture: so each place's pull towards the content and towards its
    style are as in a painting of that style alone.

    size: (height, width) of the painting. zoom: this size over the full one, for the style images' own.

    Raises:
        PaintingError: no style has a weight.
    """
    if not any(style.weight > 0.0 for style in styles):
        raise PaintingError("no style has a weight above 0", "give one as in --style night.jpg:1")
    groups = _by_place([style for style in styles if style.weight > 0.0 and _is_somewhere(style)])
    covers = [None if group[0].where is None else at_size(group[0].where, size) for group in groups]
    areas = [1.0 if cover is None else float(cover.mean()) for cover in covers]
    weights = [sum(style.weight for style in group) for group in groups]
    usual = sum(area * weight for area, weight in zip(areas, weights, strict=True)) / (sum(areas) or 1.0)
    full_short_px = min(size) / zoom
    return [
        Region(cover, _mean_grams(network, group, full_short_px, zoom, tile_px), area * weight / usual)
        for group, cover, area, weight in zip(groups, covers, areas, weights, strict=True)
    ]


def _is_somewhere(style: Style) -> bool:
    return style.where is None or bool(style.where.any())


def _by_place(styles: Sequence[Style]) -> list[list[Style]]:
    groups: list[list[Style]] = []
    for style in styles:
        for group in groups:
            if _same(group[0].where, style.where):
                group.append(style)
                break
        else:
            groups.append([style])
    return groups


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    return torch.equal(one, other)


def _mean_grams(
    network: PerceptualNetwork, styles: Sequence[Style], full_short_px: float, zoom: float, tile_px: int
) -> dict[str, Tensor]:
    total = sum(style.weight for style in styles)
    mean: dict[str, Tensor] = {}
    for style in styles:
        wanted_px = zoom * (full_short_px if style.short_side_px is None else style.short_side_px)
        size = scaled_size((style.picture.shape[1], style.picture.shape[2]), wanted_px, enlarge=False)
        cover = None if style.counts is None else at_size(style.counts, size)
        grams = TiledEyes(network, size, tile_px, [cover]).look(resized(style.picture, size)).grams[0]
        for layer, gram in grams.items():
            mean[layer] = mean.get(layer, torch.zeros_like(gram)) + gram * (style.weight / total)
    return mean
