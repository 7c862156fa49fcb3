"""The loss of an evaluation: the very one that the pack was trained for, unless told otherwise."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from murai.apps.evaluation_options import LossOptions
from murai.apps.training_options import PerceptualOptions, parse_layers
from murai.apps.training_setup import open_eyes, perceptual_name, told_perceptual
from murai.errors import PackError
from murai.hardware import Compute
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style_statistics import STATISTICS, StyleKind
from murai.stylize.pack import Pack, sha256_of
from murai.training.losses import LossWeights
from murai.training.machine import Machine

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MeasuredLoss:
    """What paintings are measured by.

    identity: tells this perceptual network, its layers, its files and where it computes from all others.
    """

    network: PerceptualNetwork
    kind: StyleKind
    weights: LossWeights
    identity: str


def open_loss(pack: Pack, options: LossOptions, compute: Compute) -> MeasuredLoss:
    """The perceptual network, the distance of styles and the weights; what differs from the training is told.

    Raises:
        TrainingError: the network or a layer can't be had.
        ConfigError, PackError: pack.toml has layers or a distance that nobody knows.
    """
    dtype = torch.bfloat16 if compute.number_type == "bfloat16" else torch.float32
    network = open_eyes(_perceptual(pack, options), Machine(torch.device(compute.device), dtype))
    kind = options.distance or _trained_distance(pack)
    measured = told_perceptual(network) | {"style_distance": kind}
    _tell_other_loss(pack, measured)
    files = _hashes(options.folder)
    identity = json.dumps([measured, str(dtype), compute.device, files], sort_keys=True)
    return MeasuredLoss(network, kind, _weights(pack, options), identity)


def _perceptual(pack: Pack, options: LossOptions) -> PerceptualOptions:
    """Layers are those of the training where it looked by the same network: others have layers of other names."""
    told, name = pack.facts.training, perceptual_name(options.folder)
    known = told if told.get("perceptual", name) == name else {}
    content, style = (
        given or (parse_layers(str(known[entry])) if entry in known else None)
        for given, entry in ((options.content, "content_layers"), (options.style, "layers"))
    )
    pooling = options.pooling or ("average" if told.get("pooling") == "average" else "max")
    return PerceptualOptions(options.folder, content, style, pooling)


def _trained_distance(pack: Pack) -> StyleKind:
    told = pack.facts.training.get("style_distance", "gram")
    for kind in STATISTICS:
        if kind == told:
            return kind
    raise PackError(f"pack '{pack.facts.name}' was trained by '{told}', which nobody knows", "give --style-distance")


def _tell_other_loss(pack: Pack, measured: dict[str, str]) -> None:
    """Warns where the pack was trained for another loss than the one that is measured."""
    for entry, now in measured.items():
        trained = str(pack.facts.training.get(entry, now))
        if trained != now:
            what = "" if entry in ("perceptual", "style_distance") else entry.replace("_", " ") + " "
            _log.warning("pack '%s' was trained by %s%s, and is measured by %s", pack.facts.name, what, trained, now)


def _weights(pack: Pack, options: LossOptions) -> LossWeights:
    """Those of the pack's training, as far as pack.toml knows them."""
    usual = LossWeights()
    trained = {
        name: float(pack.facts.training.get(f"{name}_weight", getattr(usual, name)))
        for name in ("content", "style", "tone", "variation")
    }
    if options.style_weight is not None:
        trained["style"] = options.style_weight
    return replace(usual, **trained)


def _hashes(folder: Path | None) -> list[str]:
    return [sha256_of(file) for file in sorted(folder.glob("*.safetensors"))] if folder else []
