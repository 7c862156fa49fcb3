"""Putting a pack together on disk."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tomli_w
import torch
from safetensors.torch import save
from torch import Tensor

from murai.errors import PackError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import (
    ARCHITECTURE,
    FORMAT,
    NEW,
    TWIN_FILE,
    VECTORS,
    WEIGHTS_FILE,
    NetworkFacts,
    Pack,
    PackFacts,
    StyleFacts,
    load_weights,
    read_pack,
    weights_file,
)

_KERNEL_DIMENSIONS = 4


@dataclass(frozen=True)
class PackContents:
    """What a pack is made of.

    network: the style network's `state_dict`; its kernels are rounded to half precision.
    scale, shift: (S, V), one row a style, as trained with instance norm.
    mean, deviation: (S, V), each style's usual statistics; see `murai.networks.statistics.measure_each`.
    training: where, how long and on what it was trained, for people.
    follow: see `NetworkFacts`.
    """

    title: str
    licence: str
    spec: StyleNetworkSpec
    network: dict[str, Tensor]
    scale: Tensor
    shift: Tensor
    mean: Tensor
    deviation: Tensor
    styles: Sequence[StyleFacts]
    training: dict[str, str | int | float] = field(default_factory=dict)
    follow: bool = True


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
    """Writes weights and pack.toml; what is there already is replaced. The folder's name is the pack's.

    A twin that lies there was of the pack before, and goes.

    Raises:
        PackError: the folder can't be written to.
    """
    tensors = {f"network.{name}": tensor for name, tensor in contents.network.items()}
    tensors |= {name: getattr(contents, name) for name in VECTORS}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Not `save_file`: that makes files which other users can't read, and tells a full disk in its own way.
        weights = save({name: _stored(tensor) for name, tensor in tensors.items()})
        facts = _facts(folder.name, contents, hashlib.sha256(weights).hexdigest())
        _replace(folder, WEIGHTS_FILE, weights, facts)
        (folder / TWIN_FILE).unlink(missing_ok=True)
    except OSError as fault:
        raise _cannot_write(folder, fault) from fault


def _stored(tensor: Tensor) -> Tensor:
    """Kernels in half precision, which makes a pack half as large; vectors keep all digits.

    GPUs mostly paint in it, and bfloat16 has fewer digits. What paints in single precision gets rounded kernels too.
    """
    return tensor.detach().to(torch.float16 if tensor.ndim == _KERNEL_DIMENSIONS else torch.float32).contiguous()


def add_twin(pack: Pack, twin: Pack) -> None:
    """Puts another pack's weights into this one as its twin, see `murai.stylize.pack`.

    Raises:
        PackError: the two aren't of the same network and styles, or can't be read or written.
    """
    load_weights(twin)
    _check_format(twin)
    check_twin(pack, twin.folder, twin.facts.network.spec, [style.name for style in twin.styles])
    network = pack.facts.network.model_copy(update={"twin_sha256": twin.facts.network.sha256})
    facts = pack.facts.model_copy(update={"network": network})
    try:
        _replace(pack.folder, TWIN_FILE, weights_file(twin).read_bytes(), facts)
    except OSError as fault:
        raise _cannot_write(pack.folder, fault) from fault


def check_twin(pack: Pack, twin: Path, spec: StyleNetworkSpec, styles: Sequence[str]) -> None:
    """Whether a new pack of this network and these styles, in the folder `twin`, can be the pack's twin.

    Raises:
        PackError: it can't.
    """
    _check_format(pack)
    names = [style.name for style in pack.styles]
    if (spec, set(styles)) != (pack.facts.network.spec, set(names)):
        raise PackError(
            f"{twin} is no twin of {pack.folder}: width, blocks, detail or styles differ", "train it with the same ones"
        )
    if list(styles) != names:
        raise PackError(
            f"{twin} is no twin of {pack.folder}: its styles stand in another order", f"the order is {', '.join(names)}"
        )


def _check_format(pack: Pack) -> None:
    """One pack.toml is about both files, so a pack and its twin are of one format: that of today."""
    if pack.facts.format != FORMAT:
        raise PackError(f"{pack.folder} is of format {pack.facts.format}, which has no twins", "train it again")


def _cannot_write(folder: Path, fault: OSError) -> PackError:
    full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
    remedy = "make room, then use --resume" if full else "name a folder that can be written"
    return PackError(f"can't write the pack {folder}: {fault.strerror}", remedy)


def _replace(folder: Path, name: str, weights: bytes, facts: PackFacts) -> None:
    """Weights into the file of that name, and pack.toml: both or none, whenever the process is killed.

    Pack.toml decides, and is replaced between the two: the hash in it says which of the weights beside it are meant
    (see `murai.stylize.pack.weights_file`). A full disk is met before anything is replaced.
    """
    _settle(folder, name)
    new, toml = folder / f"{name}{NEW}", folder / "pack.toml.part"
    try:
        _write(new, weights)
        _write(toml, tomli_w.dumps(facts.model_dump(exclude_none=True)).encode("utf-8"))
        toml.replace(folder / "pack.toml")
        new.replace(folder / name)
    finally:
        _settle(folder, name)
        toml.unlink(missing_ok=True)


def _settle(folder: Path, name: str) -> None:
    """Finishes what was interrupted: new weights take their place where pack.toml means them, and else go."""
    new = folder / f"{name}{NEW}"
    if not new.is_file():
        return
    if (folder / "pack.toml").is_file() and weights_file(read_pack(folder), name) == new:
        new.replace(folder / name)
    else:
        new.unlink()


def _write(file: Path, data: bytes) -> None:
    """To the disk itself: what is renamed must be there after a power cut."""
    with file.open("wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())


def _facts(name: str, contents: PackContents, sha256: str) -> PackFacts:
    spec = contents.spec
    network = NetworkFacts(
        architecture=ARCHITECTURE,
        width=spec.width,
        blocks=spec.blocks,
        detail=spec.detail,
        sha256=sha256,
        follow=contents.follow,
    )
    return PackFacts(
        format=FORMAT,
        name=name,
        title=contents.title,
        licence=contents.licence,
        training=contents.training,
        network=network,
        style=tuple(contents.styles),
    )
