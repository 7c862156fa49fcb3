"""The command `murai train`, which has more options than all others together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from murai.cli_options import (
    LOSSES,
    STYLE_IMAGES,
    ContentLayers,
    CropWords,
    MaskWords,
    PerceptualFolder,
    RotateWords,
    StyleLayers,
    option,
)
from murai.config import read_toml
from murai.errors import ConfigError

if TYPE_CHECKING:
    from murai.apps.training_options import TrainingOptions
    from murai.training.recipe import Recipe

_PICTURES = "What to learn, and on what"
_NETWORK = "The network"
_LENGTH = "How long, and from where"
_MACHINE = "The machine"

_VECTOR_STEPS = 600
_STEPS = 2000
_STEADINESS = ("noise", "motion", "clip")
_USUAL = {"width": 1.5, "blocks": 4, "detail": 0.5, "style_px": 512}


def train(
    images: Annotated[
        list[str], typer.Argument(help="Style images, one a style: FILE, or NAME=FILE,FILE.", metavar="IMAGE…")
    ],
    photographs: Annotated[
        list[Path],
        option(_PICTURES, "Folder, list or film of photographs; may be repeated.", metavar="SOURCE"),
    ],
    output: Annotated[Path | None, option(_PICTURES, "The pack's folder.", "-o", "--output", metavar="PACK")] = None,
    into: Annotated[
        Path | None,
        option(
            _PICTURES,
            "A finished pack that gets the styles, by their vectors alone; its loss is taken.",
            metavar="PACK",
        ),
    ] = None,
    polish: Annotated[
        int, option(_PICTURES, "With --into: steps with all styles after that; name all images.", min=0)
    ] = 0,
    clips: Annotated[
        list[Path] | None, option(_PICTURES, "A film for steadiness; may be repeated.", metavar="FILE")
    ] = None,
    about: Annotated[Path | None, option(_PICTURES, "TOML: title, artist, year… by style.", metavar="FILE")] = None,
    twin_of: Annotated[
        Path | None, option(_PICTURES, "A pack that gets the new one as its twin.", metavar="PACK")
    ] = None,
    crop: CropWords = None,
    rotate: RotateWords = None,
    mask: MaskWords = None,
    style_px: Annotated[
        int | None, option(STYLE_IMAGES, "Their short side, 512; smaller makes finer strokes.", min=64)
    ] = None,
    width: Annotated[
        float | None, option(_NETWORK, "Of the network: factor on 32 channels, 1.5.", min=0.25, max=8.0)
    ] = None,
    blocks: Annotated[int | None, option(_NETWORK, "Residual blocks, 4.", min=0, max=32)] = None,
    detail: Annotated[
        float | None, option(_NETWORK, "Channels for fine texture, as a share of the others: 0.5.", min=0.1, max=2.0)
    ] = None,
    style_weight: Annotated[float | None, option(LOSSES, "More of the painting; 5.", min=0.0)] = None,
    content_weight: Annotated[float | None, option(LOSSES, "More of what is there; 1.", min=0.0)] = None,
    tone_weight: Annotated[float | None, option(LOSSES, "Light and dark where they are; 20.", min=0.0)] = None,
    variation_weight: Annotated[float | None, option(LOSSES, "Smoother; 0.05.", min=0.0)] = None,
    grid_weight: Annotated[float | None, option(LOSSES, "No pattern that repeats every 4 px; 200.", min=0.0)] = None,
    noise_weight: Annotated[float | None, option(LOSSES, "Steady in low light; 600.", min=0.0)] = None,
    motion_weight: Annotated[float | None, option(LOSSES, "Strokes move along; 60.", min=0.0)] = None,
    clip_weight: Annotated[float | None, option(LOSSES, "The same, of films; 30.", min=0.0)] = None,
    no_stability: Annotated[
        bool, option(LOSSES, "None of these three: the twin to compare with.", "--no-stability")
    ] = False,
    style_distance: Annotated[
        Literal["gram", "moments", "sliced"] | None, option(LOSSES, "What a style is compared by; gram.")
    ] = None,
    perceptual: PerceptualFolder = None,
    layers: StyleLayers = None,
    content_layers: ContentLayers = None,
    pooling: Annotated[Literal["max", "average"] | None, option(LOSSES, "In the perceptual network; max.")] = None,
    no_damage: Annotated[bool, option(LOSSES, "No dark, noisy or compressed photographs.", "--no-damage")] = False,
    steps: Annotated[int | None, option(_LENGTH, "Optimiser steps; 2000, with --into 600.", min=1)] = None,
    time: Annotated[str | None, option(_LENGTH, "How long instead: 9m, 1h30m.", metavar="TIME")] = None,
    batch: Annotated[int, option(_LENGTH, "Photographs a step, over all processes.", min=1)] = 4,
    square_px: Annotated[int, option(_LENGTH, "Side of the training squares.")] = 128,
    late_square_px: Annotated[int, option(_LENGTH, "The same in the last part of the run.")] = 192,
    late_share: Annotated[float, option(_LENGTH, "How large that part is.", min=0.0, max=1.0)] = 0.25,
    checkpoint: Annotated[Path | None, option(_LENGTH, "Written every minute; runs/PACK.pt.", metavar="FILE")] = None,
    resume: Annotated[bool, option(_LENGTH, "Go on from the checkpoint.", "--resume")] = False,
    start: Annotated[
        Path | None,
        option(_LENGTH, "Begin with the weights of another run's checkpoint, or of a pack.", metavar="FILE|PACK"),
    ] = None,
    rate: Annotated[
        float, option(_LENGTH, "Share of the usual rates; after --start a quarter is enough.", min=0.001, max=10.0)
    ] = 1.0,
    seed: Annotated[int, option(_LENGTH, "Of weights, order and noise.")] = 1,
    device: Annotated[Literal["auto", "cpu", "cuda"], option(_MACHINE, "Where to train.")] = "auto",
    threads: Annotated[int | None, option(_MACHINE, "On a CPU; all cores.", min=1)] = None,
    compile_: Annotated[bool, option(_MACHINE, "By torch.compile, worth it on a GPU.", "--compile")] = False,
    tensorboard: Annotated[
        Path | None, option(_MACHINE, "Losses and paintings for TensorBoard.", metavar="FOLDER")
    ] = None,
) -> None:
    """A new style pack from pictures of paintings, or new styles into a pack.

    On several GPUs: torchrun --nproc-per-node gpu -m -- murai train …
    """
    from rich.console import Console

    from murai.apps.training import train_pack
    from murai.training.distributed import end_member

    train_pack(_options(locals()), Console())
    end_member()


def _options(given: dict[str, Any]) -> TrainingOptions:
    """The options as `train` has them, by name."""
    from murai.apps.training_options import (
        Asked,
        MachineOptions,
        PerceptualOptions,
        TrainingOptions,
        parse_layers,
        parse_styles,
    )

    pack = given["output"] or given["into"]
    if pack is None:
        raise ConfigError("train: no pack is named", "give -o PACK for a new one, or --into PACK")
    if given["polish"] and not given["into"]:
        raise ConfigError("train: --polish is for styles that are added to a pack", "give --into PACK as well")
    if given["start"] and given["into"]:
        raise ConfigError("train: --start is for new packs", "leave out --start, or --into")
    style, content = (
        None if given[name] is None else parse_layers(given[name]) for name in ("layers", "content_layers")
    )
    return TrainingOptions(
        styles=parse_styles(given["images"], given["crop"] or (), given["rotate"] or (), given["mask"] or ()),
        pack=pack,
        photographs=tuple(given["photographs"]),
        about=read_toml(given["about"]) if given["about"] else {},
        checkpoint=given["checkpoint"] or Path("runs") / f"{pack.resolve().name}.pt",
        recipe=_recipe(given),
        clips=tuple(given["clips"] or ()),
        perceptual=PerceptualOptions(given["perceptual"], content, style, given["pooling"]),
        asked=Asked(**{name: given[name] for name in (*_USUAL, "style_distance")}, weights=frozenset(_weights(given))),
        machine=MachineOptions(given["device"], given["threads"], given["compile_"]),
        **{name: given[name] for name in ("resume", "start", "into", "polish", "twin_of", "tensorboard")},
    )


def _weights(given: dict[str, Any]) -> dict[str, float]:
    """The weights that were said, by loss."""
    names = ("content", "style", "tone", "variation", "grid", *_STEADINESS)
    said = {name: given[f"{name}_weight"] for name in names if given[f"{name}_weight"] is not None}
    return (said | dict.fromkeys(_STEADINESS, 0.0)) if given["no_stability"] else said


def _recipe(given: dict[str, Any]) -> Recipe:
    from murai.apps.training_options import parse_duration
    from murai.networks.style import StyleNetworkSpec
    from murai.training.losses import LossWeights
    from murai.training.recipe import Recipe

    shape: dict[str, Any] = _USUAL | {name: given[name] for name in _USUAL if given[name] is not None}
    same = ("batch", "square_px", "late_square_px", "late_share", "seed")
    return Recipe(
        network=StyleNetworkSpec(shape["width"], shape["blocks"], shape["detail"]),
        style_px=shape["style_px"],
        style_distance=given["style_distance"] or Recipe.style_distance,
        weights=LossWeights(**_weights(given)),
        steps=given["steps"] or (_VECTOR_STEPS if given["into"] else _STEPS),
        time_s=parse_duration(given["time"]) if given["time"] else None,
        damage=not given["no_damage"],
        kernel_rate=Recipe.kernel_rate * given["rate"],
        vector_rate=Recipe.vector_rate * given["rate"],
        **{name: given[name] for name in same},
    )
