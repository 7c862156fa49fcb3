"""Putting a pack together on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tomli_w
from safetensors.torch import save_file
from torch import Tensor

from murai.errors import PackError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import ARCHITECTURE, WEIGHTS_FILE, StyleFacts, sha256_of


@dataclass(frozen=True)
class PackContents:
    """What a pack is made of.

    network: the style network's `state_dict`, for `FixedAffine`.
    scale, shift: (S, V), one row a style.
    training: where, how long and on what it was trained, for people.
    """

    title: str
    licence: str
    spec: StyleNetworkSpec
    network: dict[str, Tensor]
    scale: Tensor
    shift: Tensor
    styles: Sequence[StyleFacts]
    training: dict[str, str | int | float] = field(default_factory=dict)


def write_pack(folder: Path, contents: PackContents) -> None:
    """Writes weights first and pack.toml last; what is there already is replaced. The folder's name is the pack's.

    Raises:
        PackError: the folder can't be written to.
    """
    tensors = {f"network.{name}": tensor for name, tensor in contents.network.items()}
    tensors |= {"scale": contents.scale, "shift": contents.shift}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        weights = folder / WEIGHTS_FILE
        save_file({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()}, weights)
        facts = _facts(folder.name, contents, sha256_of(weights))
        beside = folder / "pack.toml.part"
        beside.write_text(tomli_w.dumps(facts), encoding="utf-8")
        beside.replace(folder / "pack.toml")
    except OSError as fault:
        raise PackError(
            f"can't write the pack {folder}: {fault.strerror}", "name a folder that can be written"
        ) from fault


def _facts(name: str, contents: PackContents, sha256: str) -> dict[str, object]:
    return {
        "format": 1,
        "name": name,
        "title": contents.title,
        "licence": contents.licence,
        "training": contents.training,
        "network": {
            "architecture": ARCHITECTURE,
            "width": contents.spec.width,
            "blocks": contents.spec.blocks,
            "sha256": sha256,
        },
        "style": [style.model_dump() for style in contents.styles],
    }
