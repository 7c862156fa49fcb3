"""Colour spaces, the photograph's own colours on a painting, and one picture's colours given to another.

Pictures are (..., 3, H, W) float. RGB is sRGB as in files, in [0, 1]. By space the three channels are

- "yuv": Y in [0, 1], U in [-0.436, 0.436], V in [-0.615, 0.615] (ITU-R BT.601, analogue);
- "ycbcr": Y in [0, 1], Cb and Cr in [-0.5, 0.5] (BT.601, full range, as in JPEG);
- "lab": L in [0, 100], a and b within about [-108, 99] (CIE 1976, white D65);
- "luv": L in [0, 100], u and v within about [-135, 176] (CIE 1976, white D65).

The first is lightness in each of them, the other two are chroma.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

ColourSpace = Literal["yuv", "ycbcr", "lab", "luv"]
Matching = Literal["cholesky", "axes"]
COLOUR_SPACES: tuple[ColourSpace, ...] = get_args(ColourSpace)

_LUMA = (0.299, 0.587, 0.114)
_CHROMA_SCALES = {"yuv": (0.436 / 0.886, 0.615 / 0.701), "ycbcr": (0.5 / 0.886, 0.5 / 0.701)}  # of B - Y, of R - Y
_XYZ_OF_RGB = (
    (0.4123907992659595, 0.357584339383878, 0.1804807884018343),
    (0.21263900587151036, 0.715168678767756, 0.07219231536073371),
    (0.01933081871559185, 0.11919477979462599, 0.9505321522496606),
)  # linear sRGB; the rows' sums are the white
_KNEE = (6.0 / 29.0) ** 3
_STEEP = (29.0 / 3.0) ** 3  # of L over Y below the knee
_HALVINGS = 10
_NEARLY = 1e-4  # beyond RGB's range; what is at its border is often a rounding error beyond it
_DARKEST = 0.1  # at L = 0 any chroma comes out as black, which isn't to show it
_LEAST_VARIANCE = 1e-5


def from_rgb(rgb: Tensor, space: ColourSpace) -> Tensor:
    """A picture in RGB as one in another space: see the module for the ranges."""
    if space == "lab":
        return _lab_of(_xyz_of(rgb))
    if space == "luv":
        return _luv_of(_xyz_of(rgb))
    red, _, blue = rgb.unbind(-3)
    luma = _luma(rgb)
    of_blue, of_red = _CHROMA_SCALES[space]
    return torch.stack([luma, (blue - luma) * of_blue, (red - luma) * of_red], -3)


def to_rgb(picture: Tensor, space: ColourSpace) -> Tensor:
    """The other way round. What RGB can't show comes out beyond [0, 1]."""
    if space == "lab":
        return _rgb_of(_xyz_of_lab(picture))
    if space == "luv":
        return _rgb_of(_xyz_of_luv(picture))
    luma, first, second = picture.unbind(-3)
    of_blue, of_red = _CHROMA_SCALES[space]
    blue, red = luma + first / of_blue, luma + second / of_red
    green = (luma - _LUMA[0] * red - _LUMA[2] * blue) / _LUMA[1]
    return torch.stack([red, green, blue], -3)


def own_colours(painting: Tensor, photograph: Tensor, space: ColourSpace) -> Tensor:
    """The painting's lightness with the photograph's chroma, in RGB in [0, 1].

    Where RGB has no such colour, chroma is kept and lightness goes as far towards the photograph's as it must:
    cutting off would change the hue. Both: (..., 3, H, W) RGB in [0, 1], of one size.
    """
    light, own = from_rgb(painting, space)[..., :1, :, :], from_rgb(photograph, space)
    safe, chroma = own[..., :1, :, :], own[..., 1:, :, :]
    if space in _CHROMA_SCALES:
        tint = to_rgb(torch.cat([torch.zeros_like(light), chroma], -3), space)
        darkest, lightest = -tint.amin(-3, keepdim=True), 1.0 - tint.amax(-3, keepdim=True)
        return (tint + torch.minimum(torch.maximum(light, darkest), lightest)).clamp(0.0, 1.0)
    return to_rgb(torch.cat([_nearest_shown(light, safe, chroma, space), chroma], -3), space).clamp(0.0, 1.0)


def _nearest_shown(light: Tensor, safe: Tensor, chroma: Tensor, space: ColourSpace) -> Tensor:
    """The lightness nearest to `light`, on the way from `safe`, that RGB can show with this chroma.

    Found by halving, for in Lab and Luv there is no formula for it.
    """
    light = light.clamp_min(_DARKEST)
    reached = _shown(torch.cat([light, chroma], -3), space).to(light.dtype)
    for halving in range(1, _HALVINGS + 1):
        farther = (reached + 0.5**halving).clamp(max=1.0)
        tried = torch.cat([torch.lerp(safe, light, farther), chroma], -3)
        reached = torch.where(_shown(tried, space), farther, reached)
    return torch.lerp(safe, light, reached)


def greyed(rgb: Tensor, space: ColourSpace) -> Tensor:
    """The same lightness without chroma, in RGB in [0, 1]."""
    converted = from_rgb(rgb, space)
    grey = torch.cat([converted[..., :1, :, :], torch.zeros_like(converted[..., 1:, :, :])], -3)
    return to_rgb(grey, space).clamp(0.0, 1.0)


def match_colours(picture: Tensor, like: Tensor, how: Matching) -> Tensor:
    """A picture with the mean and covariance of another's colours (Gatys et al. 2016b, section 3).

    Of the linear maps that do it, "cholesky" takes the product of Cholesky factors, "axes" that of symmetric roots
    (their "image analogies"), which turns no colour further than it must. What goes beyond [0, 1] is cut off.

    picture, like: (3, H, W) RGB in [0, 1], of any sizes.
    """
    colours, others = (each.flatten(1).double() for each in (picture, like))
    mean, mean_like = colours.mean(1, keepdim=True), others.mean(1, keepdim=True)
    turn = _factor(others, how) @ torch.linalg.inv(_factor(colours, how))
    matched: Tensor = turn @ (colours - mean) + mean_like
    return matched.clamp(0.0, 1.0).to(picture.dtype).view_as(picture)


def _factor(colours: Tensor, how: Matching) -> Tensor:
    """A root (3, 3) of the covariance of colours (3, P): A with A A^T = covariance."""
    # A picture of a single colour has none without the small addend.
    spread = torch.cov(colours, correction=0) + _LEAST_VARIANCE * torch.eye(3, dtype=colours.dtype).to(colours.device)
    if how == "cholesky":
        lower: Tensor = torch.linalg.cholesky(spread)
        return lower
    values, axes = torch.linalg.eigh(spread)
    root: Tensor = axes @ torch.diag(values.sqrt()) @ axes.T
    return root


def _shown(picture: Tensor, space: ColourSpace) -> Tensor:
    """Where RGB has the colour, (..., 1, H, W) bool."""
    rgb = to_rgb(picture, space)
    low, high = rgb.amin(-3, keepdim=True), rgb.amax(-3, keepdim=True)
    inside: Tensor = (low >= -_NEARLY) & (high <= 1.0 + _NEARLY)
    return inside


def _luma(rgb: Tensor) -> Tensor:
    red, green, blue = rgb.unbind(-3)
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def _xyz_of(rgb: Tensor) -> Tensor:
    """XYZ with white at Y = 1."""
    # The cut at the knee keeps the branch that isn't taken from giving NaN as its slope.
    curved = ((rgb.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(rgb > 0.04045, curved, rgb / 12.92)
    return _mixed(torch.tensor(_XYZ_OF_RGB, dtype=torch.float64), linear)


def _rgb_of(xyz: Tensor) -> Tensor:
    linear = _mixed(torch.linalg.inv(torch.tensor(_XYZ_OF_RGB, dtype=torch.float64)), xyz)
    curved = 1.055 * linear.clamp_min(0.0031308) ** (1.0 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curved, linear * 12.92)


def _mixed(matrix: Tensor, picture: Tensor) -> Tensor:
    return torch.einsum("ij,...jhw->...ihw", matrix.to(picture), picture)


def _white(picture: Tensor) -> Tensor:
    return torch.tensor(_XYZ_OF_RGB, dtype=torch.float64).sum(1).to(picture).view(3, 1, 1)


def _root(share: Tensor) -> Tensor:
    """CIE's cube root with a straight beginning."""
    straight = share * _STEEP / 116.0 + 16.0 / 116.0
    return torch.where(share > _KNEE, share.clamp_min(_KNEE) ** (1.0 / 3.0), straight)


def _cube(root: Tensor) -> Tensor:
    return torch.where(root > 6.0 / 29.0, root**3, (root - 16.0 / 116.0) * 116.0 / _STEEP)


def _lab_of(xyz: Tensor) -> Tensor:
    x, y, z = _root(xyz / _white(xyz)).unbind(-3)
    return torch.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], -3)


def _xyz_of_lab(lab: Tensor) -> Tensor:
    light, a, b = lab.unbind(-3)
    y = (light + 16.0) / 116.0
    return _cube(torch.stack([y + a / 500.0, y, y - b / 200.0], -3)) * _white(lab)


def _uv_of(xyz: Tensor) -> tuple[Tensor, Tensor]:
    """CIE's u' and v'; white's for black, which has none."""
    x, y, z = xyz.unbind(-3)
    base = x + 15.0 * y + 3.0 * z
    white_u, white_v = _white_uv()
    some = base > 1e-9
    base = base.clamp_min(1e-9)
    return torch.where(some, 4.0 * x / base, white_u), torch.where(some, 9.0 * y / base, white_v)


def _white_uv() -> tuple[float, float]:
    x, y, z = (sum(row) for row in _XYZ_OF_RGB)
    base = x + 15.0 * y + 3.0 * z
    return 4.0 * x / base, 9.0 * y / base


def _luv_of(xyz: Tensor) -> Tensor:
    light = 116.0 * _root(xyz[..., 1, :, :]) - 16.0
    (u, v), (white_u, white_v) = _uv_of(xyz), _white_uv()
    return torch.stack([light, 13.0 * light * (u - white_u), 13.0 * light * (v - white_v)], -3)


def _xyz_of_luv(luv: Tensor) -> Tensor:
    light, u_star, v_star = luv.unbind(-3)
    white_u, white_v = _white_uv()
    thirteen = (13.0 * light).clamp_min(1e-6)
    u, v = u_star / thirteen + white_u, v_star / thirteen + white_v
    # Chroma that no colour of this lightness has would divide by nothing.
    v = torch.where(v.abs() > 1e-4, v, torch.full_like(v, 1e-4))
    y = _cube((light + 16.0) / 116.0)
    return torch.stack([y * 9.0 * u / (4.0 * v), y, y * (12.0 - 3.0 * u - 20.0 * v) / (4.0 * v)], -3)
