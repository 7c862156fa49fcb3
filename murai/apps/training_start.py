"""What a new pack's training begins with: another run's weights, or a finished pack's."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from murai.apps.training_options import TrainingOptions
from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import load_weights
from murai.stylize.shelf import find_pack
from murai.training.checkpoint import read_checkpoint
from murai.training.model import StyleModel
from murai.training.style_image import StyleImage
from murai.training.vectors import model_with
from murai.training.widening import widened

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Start:
    """The first weights, None for new ones or where a run goes on; told: how those came to be, for pack.toml."""

    model: StyleModel | None = None
    told: str = ""


def begun(options: TrainingOptions, images: Sequence[StyleImage]) -> tuple[TrainingOptions, Start]:
    """The options with the shape of what `--start` names, and what to start with.

    A larger network may be asked for expressly. With `--resume` only the shape is looked at: that of the run that
    goes on, wherever it began.

    Raises:
        TrainingError: the weights can't be read, or are of a larger network, of other styles, or of fixed statistics.
        PackError: they are of a pack that can't be read, or lacks one of the styles.
    """
    if options.start is None:
        return options, Start()
    if options.resume:
        return _shaped(options, _Checkpoint.read(options.checkpoint, "start without --resume").model.spec), Start()
    found = _of_checkpoint(options.start, images) if options.start.is_file() else _of_pack(options.start, images)
    assert found.model is not None
    options = _shaped(options, found.model.spec)
    return options, replace(found, model=widened(found.model, options.recipe.network, options.recipe.seed))


def _shaped(options: TrainingOptions, spec: StyleNetworkSpec) -> TrainingOptions:
    """With this shape where no other was asked for."""
    return replace(options, recipe=replace(options.recipe, network=replace(spec, **options.asked.shape)))


def _of_pack(name: Path, images: Sequence[StyleImage]) -> Start:
    """A pack's network with the styles of the images' names."""
    pack = find_pack(str(name))
    if not pack.facts.network.follow:
        raise TrainingError(f"{name} was trained with fixed statistics", "name another pack with --start")
    weights, numbers = load_weights(pack), [pack.index_of(image.name) for image in images]
    network, facts = weights.network.state_dict(), pack.facts.training
    model = model_with(pack.facts.network.spec, network, weights.scale[numbers], weights.shift[numbers])
    run = f"{facts['steps']} steps in {facts['minutes']} minutes" if {"steps", "minutes"} <= facts.keys() else ""
    return Start(model, _joined(str(facts.get("before", "")), f"pack {pack.facts.name}", run))


def _of_checkpoint(file: Path, images: Sequence[StyleImage]) -> Start:
    """The averaged weights of a run, by the images' own vectors; by their order where it had other images."""
    found = _Checkpoint.read(file, "name another one with --start")
    wanted = [image.sha256() for image in images]
    if set(wanted) <= set(found.styles):
        numbers = [found.styles.index(image) for image in wanted]
    elif len(wanted) == len(found.styles):
        numbers = list(range(len(wanted)))
        _log.warning("%s has learnt other images: each style begins with the one in its place", file)
    else:
        raise TrainingError(
            f"{file} has {len(found.styles)} styles, and {len(wanted)} others are to be trained", "name as many"
        )
    every = found.model
    network = every.network.state_dict()
    model = model_with(every.spec, network, every.scale[numbers], every.shift[numbers])
    return Start(model, _joined(found.before, f"{found.steps} steps in {found.minutes:.1f} minutes"))


def _joined(*told: str) -> str:
    return "; ".join(each for each in told if each)


@dataclass(frozen=True)
class _Checkpoint:
    """A run's averaged weights. styles: by `StyleImage.sha256`. before: see `Start.told`."""

    model: StyleModel
    styles: list[str]
    steps: int
    minutes: float
    before: str

    @classmethod
    def read(cls, file: Path, remedy: str) -> _Checkpoint:
        try:
            state = read_checkpoint(file)
        except TrainingError as fault:
            raise TrainingError(fault.what, remedy) from fault
        try:
            run = state["trainer"]
            weights, spec = run["averaged"], StyleNetworkSpec(**run["recipe"]["network"])
            network = {name.removeprefix("network."): each for name, each in weights.items() if "network." in name}
            model = model_with(spec, network, weights["scale"], weights["shift"])
            return cls(model, run["styles"], run["step"], run["spent_s"] / 60.0, state.get("before", ""))
        except (KeyError, TypeError, RuntimeError) as fault:
            raise TrainingError(f"{file} is no checkpoint that this Murai can begin with", remedy) from fault
