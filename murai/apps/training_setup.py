"""What a run needs before its first step: the machine, the perceptual network, and everything that is read."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from murai.apps.training_options import MachineOptions, PerceptualOptions, TrainingOptions, told_layers
from murai.hardware import choose_compute
from murai.imaging.flow import open_flow
from murai.networks.perceptual import Layers, PerceptualNetwork, open_perceptual
from murai.training.clips import Clips
from murai.training.data import Photographs, is_film
from murai.training.distributed import crew, local_rank, local_size
from murai.training.machine import Machine

FEWEST_PHOTOGRAPHS = 16


@contextmanager
def open_machine(options: MachineOptions) -> Iterator[Machine]:
    """The device that was asked for, with the other processes where torchrun started this one.

    Raises:
        HardwareError: CUDA was asked for and can't be had.
        TrainingError: the other processes can't be reached.
    """
    compute = choose_compute(options.device)
    if compute.device == "cuda":
        device = torch.device("cuda", local_rank())
        torch.cuda.set_device(device)
        dtype = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
        told = torch.cuda.get_device_name(device)
    else:
        device, dtype = torch.device("cpu"), compute.dtype
        threads = options.threads or max(1, compute.threads // local_size())
        torch.set_num_threads(threads)
        told = f"{threads} CPU {'core' if threads == 1 else 'cores'}"
    with crew(device) as members:
        told = told if members.size == 1 else f"{members.size} x {told}"
        if not members.leads:  # all read the same files: one of them is enough to say which are damaged
            logging.getLogger("murai").setLevel(logging.ERROR)
        yield Machine(device, dtype, options.compiled, members, told)


def open_eyes(options: PerceptualOptions, machine: Machine) -> PerceptualNetwork:
    """The perceptual network with the layers that were asked for.

    Raises:
        TrainingError: it can't be had.
    """
    if options.content is None and options.style is None and options.pooling in (None, "max"):
        layers = None
    else:
        usual = _usual_layers(options.folder)
        layers = replace(
            usual,
            content=options.content or usual.content,
            style=options.style or usual.style,
            pooling=options.pooling or usual.pooling,
        )
    return open_perceptual(options.folder, layers=layers, dtype=machine.dtype, device=machine.device)


def _usual_layers(folder: Path | None) -> Layers:
    if folder is None:
        from murai.networks.vgg_torchvision import USUAL  # not before it is known that torchvision is wanted

        return USUAL["vgg16"]
    from murai.networks.vgg_files import USUAL_LAYERS

    return USUAL_LAYERS


def perceptual_name(folder: Path | None) -> str:
    """The name of the network that `open_eyes` opens."""
    if folder is None:
        return "torchvision-vgg16"
    from murai.networks.vgg_files import LocalVgg19

    return LocalVgg19.name


def told_perceptual(network: PerceptualNetwork) -> dict[str, str]:
    """What paintings are seen by, in words for pack.toml."""
    layers = network.layers
    return {
        "perceptual": network.name,
        "layers": told_layers(layers.style),
        "content_layers": told_layers(layers.content),
        "pooling": layers.pooling,
    }


def read_photographs(
    options: TrainingOptions, files: Sequence[Path], machine: Machine, console: Console
) -> Photographs:
    """All photographs, with a progress bar on a terminal.

    Raises:
        TrainingError: there are too few that can be used.
    """
    with _tracked("reading photographs", console, machine) as track:
        return Photographs(
            files,
            options.recipe.largest_px,
            at_least=FEWEST_PHOTOGRAPHS,
            device=machine.device,
            track=track,
        )


def read_clips(options: TrainingOptions, files: Sequence[Path], machine: Machine, console: Console) -> Clips | None:
    """Pairs of frames of all films, with a progress bar on a terminal; None where there is no use for them.

    Raises:
        TrainingError: the films that were named give none.
    """
    films = [*options.clips, *(file for file in files if is_film(file))]
    if not films or options.recipe.weights.clip <= 0.0:
        return None
    with _tracked("looking for motion", console, machine) as track:
        finder = open_flow("auto", machine.device)
        return Clips(films, options.recipe.largest_px, finder, machine.device, track)


@contextmanager
def _tracked(what: str, console: Console, machine: Machine) -> Iterator[Callable[[Sequence[Path]], Iterable[Path]]]:
    shown = console.is_terminal and machine.crew.leads
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        yield progress.track
