"""The loss that a finished pack was trained for, as its pack.toml says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields

from murai.apps.training_options import PerceptualOptions, parse_layers
from murai.apps.training_setup import perceptual_name
from murai.errors import PackError
from murai.networks.perceptual import Pooling
from murai.networks.style_statistics import STATISTICS, StyleKind
from murai.stylize.pack import Pack
from murai.training.losses import LossWeights

_LEAST_STYLE_PX = 64  # as for --style-px
_POOLINGS: tuple[Pooling, ...] = ("max", "average")


def trained_weights(pack: Pack, said: Mapping[str, float]) -> LossWeights:
    """Its weights, and the usual ones of losses that the pack's Murai didn't have yet.

    said: those that take the place of the pack's, by loss.

    Raises:
        PackError: pack.toml has a weight that is none.
    """
    told, names = pack.facts.training, [field.name for field in fields(LossWeights)]
    own = [name for name in names if name not in said and f"{name}_weight" in told]
    return LossWeights(**said, **{name: _number(pack, f"{name}_weight", 0.0) for name in own})


def trained_style_px(pack: Pack, usual: int) -> int:
    """The short side that its style images had.

    Raises:
        PackError: pack.toml has none that can be.
    """
    return round(_number(pack, "style_px", _LEAST_STYLE_PX)) if "style_px" in pack.facts.training else usual


def _number(pack: Pack, entry: str, least: float) -> float:
    told = pack.facts.training[entry]
    number = float(told) if isinstance(told, int | float) else math.nan
    if not least <= number < math.inf:
        what = f"{pack.folder}: pack.toml has {entry} = {told!r}, which is no number of at least {least:g}"
        raise PackError(what, f"correct it, or give --{entry.replace('_', '-')}")
    return number


def trained_distance(pack: Pack) -> StyleKind:
    """What styles were compared by.

    Raises:
        PackError: nobody knows that.
    """
    told = pack.facts.training.get("style_distance", "gram")
    for kind in STATISTICS:
        if kind == told:
            return kind
    raise PackError(f"pack '{pack.facts.name}' was trained by '{told}', which nobody knows", "give --style-distance")


def trained_eyes(pack: Pack, asked: PerceptualOptions) -> PerceptualOptions:
    """What was asked for, and its layers and pooling where nothing was.

    Layers are those of the training where it looked by the same network: others have layers of other names.

    Raises:
        ConfigError: pack.toml has layers that can't be read.
        PackError: pack.toml has a pooling that nobody knows.
    """
    told, name = pack.facts.training, perceptual_name(asked.folder)
    known = told if told.get("perceptual", name) == name else {}
    content, style = (
        given or (parse_layers(str(known[entry])) if entry in known else None)
        for given, entry in ((asked.content, "content_layers"), (asked.style, "layers"))
    )
    return PerceptualOptions(asked.folder, content, style, asked.pooling or _trained_pooling(pack))


def _trained_pooling(pack: Pack) -> Pooling:
    told = pack.facts.training.get("pooling", "max")
    for pooling in _POOLINGS:
        if pooling == told:
            return pooling
    raise PackError(f"pack '{pack.facts.name}' was trained by pooling '{told}', which nobody knows", "give --pooling")
