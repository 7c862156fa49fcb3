"""Putting a pack together on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tomli_w
from safetensors.torch import save
from torch import Tensor

from murai.errors import PackError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import ARCHITECTURE, WEIGHTS_FILE, StyleFacts


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


def check_pack_folder(folder: Path) -> None:
    """Tries to write there, and leaves nothing behind: hours of training must not end in a missing permission.

    Raises:
        PackError: no pack could be written there.
    """
    probe = folder / f".murai-{os.getpid()}.probe"
    try:
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"written")
        finally:
            probe.unlink(missing_ok=True)
        for each in made:
            each.rmdir()
    except OSError as fault:
        raise _cannot_write(folder, fault) from fault


def write_pack(folder: Path, contents: PackContents) -> None:
    """Writes weights first and pack.toml last; what is there already is replaced. The folder's name is the pack's.

    Raises:
        PackError: the folder can't be written to.
    """
    tensors = {f"network.{name}": tensor for name, tensor in contents.network.items()}
    tensors |= {"scale": contents.scale, "shift": contents.shift}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Not `save_file`: that makes files which other users can't read, and tells a full disk in its own way.
        weights = save({name: tensor.detach().float().contiguous() for name, tensor in tensors.items()})
        _replace(folder / WEIGHTS_FILE, weights)
        facts = _facts(folder.name, contents, hashlib.sha256(weights).hexdigest())
        _replace(folder / "pack.toml", tomli_w.dumps(facts).encode("utf-8"))
    except OSError as fault:
        raise _cannot_write(folder, fault) from fault


def _cannot_write(folder: Path, fault: OSError) -> PackError:
    return PackError(f"can't write the pack {folder}: {fault.strerror}", "name a folder that can be written")


def _replace(file: Path, data: bytes) -> None:
    beside = file.with_name(file.name + ".part")
    beside.write_bytes(data)
    beside.replace(file)


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
