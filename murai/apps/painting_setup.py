"""What a painting needs before its first step: the machine, the perceptual network, and everything that is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from murai.apps.painting_options import ColourOptions, LookOptions, MachineOptions, PaintingOptions
from murai.apps.painting_styles import StyleFile
from murai.hardware import choose_compute, free_memory_bytes
from murai.imaging.colour import greyed, match_colours, own_colours
from murai.imaging.masks import read_mask
from murai.networks.perceptual import Layers, PerceptualNetwork, open_perceptual
from murai.painting.memory import usual_tile
from murai.painting.objective import PaintingWeights
from murai.painting.optimise import OptimiserSettings
from murai.painting.paint import Settings, Wishes, first_picture
from murai.painting.resizing import resized
from murai.painting.styles import Style
from murai.training.data import read_image

USUAL_LONG_PX = 512
MaskOf = Callable[[Path, tuple[int, int]], Tensor]
"""A mask (H, W) in [0, 1] from a file, for a picture of a size, (height, width)."""


@contextmanager
def open_machine(options: MachineOptions) -> Iterator[MachineOptions]:
    """The machine with its choices made, so that the same ones can be made again.

    On a GPU, cuDNN is kept to what gives the same numbers each time.

    Raises:
        HardwareError: CUDA was asked for and can't be had.
    """
    compute = choose_compute(options.device)
    threads = options.threads or compute.threads
    if compute.device == "cpu":
        torch.set_num_threads(threads)
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield options.model_copy(update={"device": compute.device, "threads": threads})


def open_network(options: LookOptions, device: str) -> PerceptualNetwork:
    """The perceptual network with the layers that were asked for, in single precision.

    Raises:
        TrainingError: it can't be had, or has no such layer.
    """
    usual = _usual_layers(options)
    layers = Layers(options.content or usual.content, options.style or usual.style, options.pooling)
    return open_perceptual(options.folder, which=options.network, layers=layers, device=device)


def _usual_layers(options: LookOptions) -> Layers:
    if options.folder is None:
        from murai.networks.vgg_torchvision import USUAL  # not before it is known that torchvision is wanted

        return USUAL[options.network]
    from murai.networks.vgg_files import USUAL_LAYERS

    return USUAL_LAYERS


def read_picture(file: Path, device: str) -> Tensor:
    """(3, H, W) float RGB in [0, 1].

    Raises:
        TrainingError: it can't be read.
    """
    return read_image(file).to(device).float() / 255.0


@dataclass(frozen=True)
class Job:
    """One painting to be made.

    content: at the painting's size. colours: what is done to what the optimisation gives.
    """

    content: Tensor
    wishes: Wishes
    settings: Settings
    start: Tensor
    colours: ColourOptions

    def finished(self, picture: Tensor) -> Tensor:
        """A picture of the optimisation, of any size, as it is kept: (3, h, w) float RGB in [0, 1]."""
        found = picture.detach().clamp(0.0, 1.0)
        if self.colours.own is None:
            return found
        content = resized(self.content, (picture.shape[1], picture.shape[2]))
        return own_colours(found, content, self.colours.own)


def prepare(
    content_file: Path,
    styles: Sequence[StyleFile],
    options: PaintingOptions,
    tile_px: int,
    mask_of: MaskOf | None = None,
) -> Job:
    """Everything for the painting of one content image.

    mask_of: what reads masks of the content, None for `read_mask`.

    Raises:
        TrainingError, MediaError: the content or a mask of it can't be read.
        PaintingError: the tiles are too small.
    """
    device = str(styles[0].picture.device)
    whole = read_picture(content_file, device)
    size = painting_size(whole, options.steps.size_px)
    content = resized(whole, size)
    masks = mask_of or (lambda file, size: read_mask(file, size, options.softness_px))
    wanted = [_style(style, content, options.colours, masks) for style in styles]
    seen = _grey(content, options.colours)
    steps = options.steps
    start = first_picture(
        seen,
        wanted[0].picture,
        1.0 if steps.start == "noise" else steps.noise,
        steps.seed,
        from_style=steps.start == "style",
    )
    look = options.look
    settings = Settings(
        size=size,
        smallest_px=steps.smallest_px,
        steps=steps.steps,
        tile_px=tile_px,
        weights=PaintingWeights(look.content_weight, look.style_weight, look.variation_weight),
        optimiser=OptimiserSettings(steps.optimiser, steps.rate, steps.history),
    )
    return Job(content, Wishes(seen, wanted), settings, start, options.colours)


def painting_size(picture: Tensor, long_px: int | None) -> tuple[int, int]:
    """(height, width) of the painting of a picture (3, H, W) with this long side, None for the usual one."""
    height, width = picture.shape[1:]
    long = max(height, width)
    factor = (min(long, USUAL_LONG_PX) if long_px is None else long_px) / long
    return max(1, round(height * factor)), max(1, round(width * factor))


def _style(style: StyleFile, content: Tensor, colours: ColourOptions, mask_of: MaskOf) -> Style:
    told, picture, size = style.told, style.picture, (content.shape[1], content.shape[2])
    if colours.match is not None:
        picture = match_colours(picture, content, colours.match)
    where = None if told.where is None else mask_of(told.where, size).to(content.device)
    return Style(_grey(picture, colours), told.weight, told.px, style.counts, where)


def _grey(picture: Tensor, colours: ColourOptions) -> Tensor:
    return greyed(picture, colours.own) if colours.own is not None and colours.before else picture


def tile_side(network: PerceptualNetwork, machine: MachineOptions) -> int:
    """The side of tiles that was asked for, or that memory has room for, in px."""
    assert machine.device != "auto"
    return machine.tile_px or usual_tile(network, free_memory_bytes(machine.device))
