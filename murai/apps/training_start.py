"""What a new pack's training begins with: another run's weights, or a finished pack's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from murai.apps.training_options import TrainingOptions
from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import load_weights, read_pack
from murai.training.checkpoint import read_checkpoint
from murai.training.model import StyleModel
from murai.training.vectors import model_with
from murai.training.widening import widened


def begun(options: TrainingOptions) -> tuple[TrainingOptions, StyleModel | None]:
    """The options with the shape of what `--start` names, and its weights; None without it.

    What was asked for expressly may be larger. With `--resume` only the shape is looked at: that of the run that
    goes on.

    Raises:
        TrainingError: the weights can't be read, or are of a larger network, another number of styles, or fixed
            statistics.
        PackError: they are of a pack that can't be read, or lacks one of the styles.
    """
    if options.start is None:
        return options, None
    model = _of_checkpoint(options.checkpoint) if options.resume else _named(options.start, options)
    asked = {name: getattr(options.asked, name) for name in ("width", "blocks", "detail")}
    spec = replace(model.spec, **{name: value for name, value in asked.items() if value is not None})
    first = None if options.resume else widened(model, spec, options.recipe.seed)
    return replace(options, recipe=replace(options.recipe, network=spec)), first


def _named(start: Path, options: TrainingOptions) -> StyleModel:
    names = [style.name for style in options.styles]
    if start.is_dir():
        return _of_pack(start, names)
    if not start.exists():
        raise TrainingError(f"there is no pack or checkpoint {start}", "name one with --start")
    model = _of_checkpoint(start)
    if model.styles != len(names):
        raise TrainingError(f"{start} has {model.styles} styles, and {len(names)} are to be trained", "name as many")
    return model


def _of_pack(folder: Path, styles: list[str]) -> StyleModel:
    """A pack's network with the styles of these names."""
    pack = read_pack(folder)
    if not pack.facts.network.follow:
        raise TrainingError(f"{folder} was trained with fixed statistics", "name another pack with --start")
    weights, numbers = load_weights(pack), [pack.index_of(style) for style in styles]
    network = weights.network.state_dict()
    return model_with(pack.facts.network.spec, network, weights.scale[numbers], weights.shift[numbers])


def _of_checkpoint(file: Path) -> StyleModel:
    """The averaged weights of a run."""
    state = read_checkpoint(file)
    try:
        weights, shape = state["trainer"]["averaged"], state["trainer"]["recipe"]["network"]
        network = {name.removeprefix("network."): each for name, each in weights.items() if "network." in name}
        return model_with(StyleNetworkSpec(**shape), network, weights["scale"], weights["shift"])
    except (KeyError, TypeError, RuntimeError) as fault:
        raise TrainingError(
            f"{file} is no checkpoint that this Murai can begin with", "name one that its `murai train` has written"
        ) from fault
