"""What a new pack's training begins with: another run's weights, or a finished pack's."""

from __future__ import annotations

from pathlib import Path

from murai.apps.training_options import TrainingOptions
from murai.errors import TrainingError
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import load_weights, read_pack
from murai.training.checkpoint import read_checkpoint
from murai.training.model import StyleModel
from murai.training.vectors import model_with
from murai.training.widening import widened


def starting_model(options: TrainingOptions) -> StyleModel:
    """The weights that `--start` names, in a network as large as the recipe's.

    Raises:
        TrainingError: they can't be read, or are of a larger network or another number of styles.
        PackError: they are of a pack that can't be read, or lacks one of the styles.
    """
    assert options.start is not None
    if options.start.is_dir():
        model = _of_pack(options.start, [style.name for style in options.styles])
    else:
        model = _of_checkpoint(options.start)
    if model.styles != len(options.styles):
        raise TrainingError(
            f"{options.start} has {model.styles} styles, and {len(options.styles)} are to be trained", "name as many"
        )
    return widened(model, options.recipe.network, options.recipe.seed)


def _of_pack(folder: Path, styles: list[str]) -> StyleModel:
    """A pack's network with the styles of these names."""
    pack = read_pack(folder)
    if not pack.facts.network.follow:
        raise TrainingError(f"{folder} was trained with fixed statistics", "name another pack with --start")
    weights, numbers = load_weights(pack), [pack.index_of(style) for style in styles]
    network = weights.network.state_dict()
    return model_with(pack.facts.network.spec, network, weights.scale[numbers], weights.shift[numbers])


def _of_checkpoint(file: Path) -> StyleModel:
    """The averaged weights of another run."""
    try:
        state = read_checkpoint(file)["trainer"]
        weights, spec = state["averaged"], StyleNetworkSpec(**state["recipe"]["network"])
        network = {name.removeprefix("network."): each for name, each in weights.items() if "network." in name}
        return model_with(spec, network, weights["scale"], weights["shift"])
    except (KeyError, RuntimeError, TypeError) as fault:
        raise TrainingError(
            f"{file} is no checkpoint to begin with: {fault}", "name one that this `murai train` has written"
        ) from fault
