"""Style packs: a folder with pack.toml, weights.safetensors and a preview for each style.

A pack may have a twin.safetensors beside: the same network, trained without what makes it steady. Nothing paints
with it but `murai evaluate`, to tell what steadiness was gained.

Reading a pack never runs anything from it: the network is built from Murai's own code, and the
weights are numbers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from murai.config import parse_model, read_toml
from murai.errors import ConfigError, PackError, StyleMissing
from murai.networks.enlarging import of_nearest
from murai.networks.style import InstanceAffine, StyleNetwork, StyleNetworkSpec

WEIGHTS_FILE = "weights.safetensors"
TWIN_FILE = "twin.safetensors"
NEW = ".new"
"""Ends the names of weights that are to take the place of others, see `weights_file`."""
ARCHITECTURE: Literal["fold4"] = "fold4"
VECTORS = ("scale", "shift", "mean", "deviation")
FORMAT: Literal[3] = 3
_NEAREST = 2
_ENLARGING = ("network.up.weight", "network.out.weight")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


_Listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class ImageFacts(_Table):
    """What a style was learnt from, so that it can be measured by the same.

    files: names alone; mask: the same, or "". crop: left, top, width, height in px. rotate_deg: anticlockwise.
    style_px: short side that the images were made smaller to.
    sha256: see `murai.training.style_image.StyleImage`.
    """

    files: Annotated[tuple[str, ...], _Listed]
    crop: Annotated[tuple[int, int, int, int] | None, _Listed] = None
    rotate_deg: float = 0.0
    mask: str = ""
    style_px: Annotated[int, Field(ge=1)]
    sha256: str


class StyleFacts(_Table):
    """One style: what people are told about it, and how its training ended.

    name: what commands and config files call it.
    preview: file in the pack's folder, or "".
    training: figures by name, as the trainer left them.
    image: what it was learnt from, None where nobody wrote it down.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    artist: str = ""
    year: str = ""
    credit: str = ""
    preview: str = ""
    training: dict[str, float] = {}
    image: ImageFacts | None = None


class NetworkFacts(_Table):
    """What the weights fit into.

    sha256: of the weights file, in hexadecimal.
    twin_sha256: of the twin's, "" where the pack has none.
    follow: the statistics follow the scene; otherwise they stay as they are in the pack.
    """

    architecture: Literal["fold4"]
    width: Annotated[float, Field(gt=0.0, le=8.0)]
    blocks: Annotated[int, Field(ge=0, le=32)]
    detail: Annotated[float, Field(gt=0.0, le=2.0)] = 0.5
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    twin_sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    follow: bool = True

    @property
    def spec(self) -> StyleNetworkSpec:
        return StyleNetworkSpec(self.width, self.blocks, self.detail)


class PackFacts(_Table):
    """What pack.toml says.

    format: 3; in packs of format 2 the kernels that enlarge are those of nearest-neighbour enlargement.
    training: where, how long and on what the pack was trained, for people.
    """

    format: Literal[2, 3]
    name: str
    title: str
    licence: str
    training: dict[str, str | int | float] = {}
    network: NetworkFacts
    style: Annotated[
        tuple[StyleFacts, ...],
        _Listed,
        Field(min_length=1),
    ]


@dataclass(frozen=True)
class Pack:
    """A pack on disk that was read and found whole, except for its weights (see `load_weights`)."""

    folder: Path
    facts: PackFacts

    @property
    def styles(self) -> tuple[StyleFacts, ...]:
        return self.facts.style

    def index_of(self, style: str) -> int:
        """The style's number, from 0; the first one's for "".

        Raises:
            StyleMissing: the pack has no such style.
        """
        names = [facts.name for facts in self.styles]
        if style and style not in names:
            raise StyleMissing(f"pack '{self.facts.name}' has no style '{style}'", f"it has {', '.join(names)}")
        return names.index(style) if style else 0


@dataclass(frozen=True)
class PackWeights:
    """A network and its styles in host memory, float32.

    network: with `InstanceAffine`, as it was trained.
    scale, shift: (S, V), one row a style, V = `StyleNetworkSpec.vector_length`.
    mean, deviation: (S, V), the usual statistics of what reaches the affines; see `murai.networks.statistics`.
    """

    network: StyleNetwork
    scale: Tensor
    shift: Tensor
    mean: Tensor
    deviation: Tensor


def read_pack(folder: Path) -> Pack:
    """Reads pack.toml.

    Raises:
        PackError: the folder is no pack, or an entry can't be used.
    """
    file = folder / "pack.toml"
    if not file.is_file():
        raise StyleMissing(f"{folder} is no style pack: it has no pack.toml", "`murai styles list` shows what there is")
    try:
        facts = parse_model(PackFacts, read_toml(file), str(file))
    except ConfigError as fault:
        raise PackError(fault.what, fault.remedy) from fault
    names = [style.name for style in facts.style]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise PackError(f"{file}: two styles are named '{twice}'", "rename one of them")
    return Pack(folder, facts)


def load_weights(pack: Pack, *, twin: bool = False) -> PackWeights:
    """Reads the weights, checks their hash and puts them into the network.

    twin: those of the pack's twin instead.

    Raises:
        PackError: the file is missing, not the one that pack.toml was written for, or of other shapes.
    """
    name, remedy = TWIN_FILE if twin else WEIGHTS_FILE, "copy the whole pack again from where it came"
    wanted = _hash_of(pack, name)
    if not wanted:
        raise PackError(f"pack '{pack.facts.name}' has no twin", "train one with --no-stability")
    file = pack.folder / name
    try:
        file = weights_file(pack, name)
        data = file.read_bytes()  # once: it may be replaced by other weights at any moment
        found = hashlib.sha256(data).hexdigest()
        if found != wanted:
            raise PackError(f"{file} has SHA-256 {found[:12]}…, pack.toml says {wanted[:12]}…", remedy)
        tensors = load(data)
    except OSError as fault:
        raise PackError(f"can't read {file}: {fault.strerror}", remedy) from fault
    except SafetensorError as fault:
        raise PackError(f"{file} is damaged: {fault}", remedy) from fault
    return _fill(pack, file, tensors)


def weights_file(pack: Pack, name: str = WEIGHTS_FILE) -> Path:
    """The file of that name that pack.toml is about: NAME.new where its writer was killed before the last rename.

    Raises:
        OSError: NAME.new can't be read.
    """
    new = pack.folder / f"{name}{NEW}"
    return new if new.is_file() and sha256_of(new) == _hash_of(pack, name) else pack.folder / name


def _hash_of(pack: Pack, name: str) -> str:
    network = pack.facts.network
    return network.twin_sha256 if name == TWIN_FILE else network.sha256


def _fill(pack: Pack, file: Path, tensors: dict[str, Tensor]) -> PackWeights:
    spec = pack.facts.network.spec
    network = StyleNetwork(spec, InstanceAffine)
    if pack.facts.format == _NEAREST:
        tensors = {name: _freed(tensor) if name in _ENLARGING else tensor for name, tensor in tensors.items()}
    wanted = {f"network.{name}": tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    wanted |= dict.fromkeys(VECTORS, (len(pack.styles), spec.vector_length))
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if found.get(name) != wanted.get(name):
            raise PackError(
                f"{file}: tensor '{name}' is {found.get(name, 'missing')}, pack.toml says {wanted.get(name, 'none')}",
                "the weights are of another network: copy the whole pack again",
            )
    network.load_state_dict({name: tensors[f"network.{name}"].float() for name in network.state_dict()})
    if not bool((tensors["deviation"] > 0.0).all()):
        raise PackError(f"{file}: tensor 'deviation' has values that aren't above zero", "train the pack again")
    return PackWeights(network.eval().requires_grad_(False), *(tensors[name].float() for name in VECTORS))


def _freed(kernel: Tensor) -> Tensor:
    """An enlarging kernel of a pack of format 2 as those of format 3; what has another shape is left to be refused."""
    return of_nearest(kernel.float()) if kernel.shape[2:] == (3, 3) else kernel


def sha256_of(file: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
