"""What of a picture's features is its style: numbers that don't say where anything is.

Each statistic takes features (N, C, H, W) and says how they are on the whole. weights (N, 1, H, W) or
(1, 1, H, W), 0 or more, say how much each position counts; None for all alike. The distance of two is always
`relative_distance`, so that losses by different statistics are of one size.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

StyleKind = Literal["gram", "moments", "sliced"]

_QUANTILES = 128
_TINY = 1e-8


class StyleStatistic(Protocol):
    """See the module."""

    def __call__(self, features: Tensor, weights: Tensor | None = None) -> Tensor:
        """By picture, (N, ...), in single precision or that of the features where it is higher."""
        ...


def gram(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """Gram matrices (N, C, C) over the number of positions (Gatys et al. 2016, eq. 3).

    bfloat16 is multiplied as it is, which sums in single precision and rounds the result.
    """
    n, channels, height, width = features.shape
    flat = features.permute(0, 2, 3, 1).reshape(n, height * width, channels)
    if weights is None:
        product: Tensor = _WithItself.apply(flat)  # type: ignore[no-untyped-call]  # torch leaves it untyped
        return at_least_single(product) / (height * width)
    weighted = flat * _normalised(weights).flatten(1)[..., None].to(flat.dtype)
    return at_least_single(weighted.transpose(1, 2) @ flat)


class _WithItself(torch.autograd.Function):
    """x^T x by picture, (N, C, C) of (N, P, C). Its slope takes one product, where torch takes two and adds them."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.transpose(1, 2) @ x

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        changed: Tensor = x @ (slope + slope.transpose(1, 2))
        return changed


def moments(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean and deviation of each channel (N, 2, C) (Huang and Belongie 2017; Li et al. 2017, eq. 9)."""
    x = at_least_single(features)
    if weights is None:
        mean = x.mean((2, 3), keepdim=True)
        variance = (x - mean).square().mean((2, 3))
    else:
        share = _normalised(weights)
        mean = (x * share).sum((2, 3), keepdim=True)
        variance = ((x - mean).square() * share).sum((2, 3))
    # A channel that is the same everywhere has no slope without the small addend.
    return torch.stack([mean[:, :, 0, 0], (variance + _TINY).sqrt()], 1)


def sliced(features: Tensor, weights: Tensor | None = None) -> Tensor:
    """Quantiles of the features in many directions (N, C, 128): sliced Wasserstein (Heitz et al. 2021, eq. 6).

    The paper draws new directions at each step and needs the style image for it; here they are C fixed ones at
    right angles, so that a style stays a tensor. Each quantile is the mean over its 1/128 of the positions.
    Sorting makes this several times slower than the others.
    """
    n, channels, height, width = features.shape
    flat = at_least_single(features.permute(0, 2, 3, 1).reshape(n, height * width, channels))
    along = (flat @ _directions(channels).to(flat)).transpose(1, 2)
    values, order = along.sort(dim=2)
    if weights is None:
        share = torch.full_like(values, 1.0 / (height * width))
    else:
        share = _normalised(weights).flatten(2).expand(n, channels, -1).gather(2, order)
    return _quantile_means(values, share)


def relative_distance(reached: Tensor, wanted: Tensor, least: float = 0.0) -> Tensor:
    """Squared difference over the squared norm of what is wanted, by picture (N,). Both (N, ...).

    least: mean square that is divided by where what is wanted has less.
    """
    difference = (reached - wanted).square().flatten(1).mean(1)
    return difference / wanted.square().flatten(1).mean(1).clamp_min(max(least, _TINY))


def at_least_single(x: Tensor) -> Tensor:
    """float32, or float64 where it was that: sums of half precision would not be exact."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


STATISTICS: Mapping[StyleKind, StyleStatistic] = {"gram": gram, "moments": moments, "sliced": sliced}


def _normalised(weights: Tensor) -> Tensor:
    """The weights of each picture, with a sum of 1."""
    w = at_least_single(weights)
    return w / w.sum((2, 3), keepdim=True).clamp_min(_TINY)


def _directions(channels: int) -> Tensor:
    """(C, C): a random turn of the axes, the same each time."""
    drawn = torch.randn((channels, channels), generator=torch.Generator().manual_seed(channels))
    turned: Tensor = torch.linalg.qr(drawn).Q
    return turned


def _quantile_means(values: Tensor, share: Tensor) -> Tensor:
    """Means over equal parts of a distribution (..., 128). values (..., P) rising, each with its share of 1.

    The integral of the quantile function is a chain of straight lines; its differences are the means.
    """
    at = _from_zero(share.cumsum(-1))
    reached = _from_zero((values * share).cumsum(-1))
    edges = torch.linspace(0.0, 1.0, _QUANTILES + 1, dtype=values.dtype, device=values.device) * at[..., -1:]
    right = torch.searchsorted(at.contiguous(), edges.contiguous()).clamp(1, at.shape[-1] - 1)
    left_at, right_at = at.gather(-1, right - 1), at.gather(-1, right)
    part = ((edges - left_at) / (right_at - left_at).clamp_min(1e-12)).clamp(0.0, 1.0)
    integral = torch.lerp(reached.gather(-1, right - 1), reached.gather(-1, right), part)
    return integral.diff(dim=-1) * _QUANTILES


def _from_zero(x: Tensor) -> Tensor:
    """The same with a 0 before it."""
    return torch.cat([torch.zeros_like(x[..., :1]), x], -1)
