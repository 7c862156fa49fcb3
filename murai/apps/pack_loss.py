"""The loss that a finished pack was trained for, as its pack.toml says."""

from __future__ import annotations

from dataclasses import fields

from murai.apps.training_options import PerceptualOptions, parse_layers
from murai.apps.training_setup import perceptual_name
from murai.errors import PackError
from murai.networks.style_statistics import STATISTICS, StyleKind
from murai.stylize.pack import Pack
from murai.training.losses import LossWeights


def trained_weights(pack: Pack) -> LossWeights:
    """Its weights; the usual ones of losses that the pack's Murai didn't have yet."""
    told, names = pack.facts.training, [field.name for field in fields(LossWeights)]
    return LossWeights(**{name: float(told[f"{name}_weight"]) for name in names if f"{name}_weight" in told})


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
    """
    told, name = pack.facts.training, perceptual_name(asked.folder)
    known = told if told.get("perceptual", name) == name else {}
    content, style = (
        given or (parse_layers(str(known[entry])) if entry in known else None)
        for given, entry in ((asked.content, "content_layers"), (asked.style, "layers"))
    )
    pooling = asked.pooling or ("average" if told.get("pooling") == "average" else "max")
    return PerceptualOptions(asked.folder, content, style, pooling)
