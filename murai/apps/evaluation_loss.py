"""The loss of an evaluation: the very one that the pack was trained for, unless told otherwise."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import torch

from murai.apps.evaluation_options import LossOptions
from murai.apps.pack_loss import trained_distance, trained_eyes, trained_weights
from murai.apps.training_setup import open_eyes, told_perceptual
from murai.hardware import Compute
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style_statistics import StyleKind
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
    network = open_eyes(trained_eyes(pack, options), Machine(torch.device(compute.device), dtype))
    kind = options.distance or trained_distance(pack)
    weights = trained_weights(pack, {} if options.style_weight is None else {"style": options.style_weight})
    measured = told_perceptual(network) | {"style_distance": kind}
    _tell_other_loss(pack, measured)
    files = _hashes(options.folder)
    identity = json.dumps([measured, str(dtype), compute.device, files], sort_keys=True)
    return MeasuredLoss(network, kind, weights, identity)


def _tell_other_loss(pack: Pack, measured: dict[str, str]) -> None:
    """Warns where the pack was trained for another loss than the one that is measured."""
    for entry, now in measured.items():
        trained = str(pack.facts.training.get(entry, now))
        if trained != now:
            what = "" if entry in ("perceptual", "style_distance") else entry.replace("_", " ") + " "
            _log.warning("pack '%s' was trained by %s%s, and is measured by %s", pack.facts.name, what, trained, now)


def _hashes(folder: Path | None) -> list[str]:
    return [sha256_of(file) for file in sorted(folder.glob("*.safetensors"))] if folder else []
