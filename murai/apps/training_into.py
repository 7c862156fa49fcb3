"""New styles into a finished pack: their vectors alone are learnt, and all else stays bit-equal.

But for the kernels that enlarge in packs of format 2, which are rounded anew where they become those of format 3.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from rich.console import Console

from murai.apps.pack_loss import trained_distance, trained_eyes, trained_style_px, trained_weights
from murai.apps.training_options import TrainingOptions
from murai.apps.training_pack import Trained, told_loss, told_recipe_loss, training_facts
from murai.apps.training_run import Run
from murai.errors import TrainingError
from murai.networks.perceptual import PerceptualNetwork
from murai.networks.style import StyleNetwork
from murai.stylize.pack import Pack, PackWeights, StyleFacts, load_weights, read_pack
from murai.training.loop import Trainer
from murai.training.machine import Machine
from murai.training.objective import Job
from murai.training.recipe import Recipe
from murai.training.style_image import StyleSource
from murai.training.vectors import joined, model_with, vectors_alone

_log = logging.getLogger(__name__)
_POLISH_RATE = 0.2  # of the usual rates: the network is nearly where it should be


@dataclass(frozen=True)
class Addition:
    """A finished pack, and which of the named styles it gets.

    new: their numbers among the named ones. order: numbers of the named ones as the pack will have them; only with
        a polish, for which all must be named.
    """

    pack: Pack
    weights: PackWeights
    new: tuple[int, ...]
    order: tuple[int, ...]


def check_addition(folder: Path, sources: Sequence[StyleSource], polished: bool) -> Addition:
    """Looks whether the named styles can be added.

    Raises:
        PackError: the pack can't be read.
        TrainingError: it has a style already, can't take more, or images for the polish are missing.
    """
    pack = read_pack(folder)
    if not pack.facts.network.follow:
        raise TrainingError(
            f"{folder} was trained with fixed statistics, and can't take new styles", "name another pack with --into"
        )
    names, known = [source.name for source in sources], [style.name for style in pack.styles]
    new = tuple(number for number, name in enumerate(names) if name not in known)
    twice = [name for name in names if name in known]
    if not new or (twice and not polished):
        raise TrainingError(f"{folder} has the style '{twice[0]}' already", "leave it out, or give NAME=FILE")
    missing = [name for name in known if name not in names]
    if polished and missing:
        raise TrainingError(
            f"--polish trains all styles together, and the images of {', '.join(missing)} are missing",
            "name the images of the pack's styles as well, or leave out --polish",
        )
    order = (*(names.index(name) for name in known), *new) if polished else ()
    return Addition(pack, load_weights(pack), new, order)


def as_the_pack(options: TrainingOptions, pack: Pack) -> TrainingOptions:
    """The options with the pack's own network, and where nothing was said its loss and its size of style images.

    Raises:
        TrainingError: another shape was asked for: the network of a finished pack stays.
        ConfigError, PackError: pack.toml has something that can't be.
    """
    asked, spec = options.asked, pack.facts.network.spec
    for name, wanted in asked.shape.items():
        has = getattr(spec, name)
        if wanted != has:
            raise TrainingError(
                f"--{name} {wanted:g} is not what the network of {pack.folder} has, {has:g}", f"leave out --{name}"
            )
    given = options.recipe
    recipe = replace(
        given,
        network=spec,
        style_px=asked.style_px or trained_style_px(pack, given.style_px),
        style_distance=asked.style_distance or trained_distance(pack),
        weights=trained_weights(pack, {name: getattr(given.weights, name) for name in asked.weights}),
    )
    return replace(options, recipe=recipe, perceptual=trained_eyes(pack, options.perceptual))


def tell_other_settings(pack: Pack, recipe: Recipe, network: PerceptualNetwork) -> None:
    """Warns where new styles are learnt for another loss than those that the pack has."""
    if others := _other_settings(pack, recipe, network):
        _log.warning("the new styles are learnt otherwise than those of %s: %s", pack.folder, others)


def _other_settings(pack: Pack, recipe: Recipe, network: PerceptualNetwork) -> str:
    """What differs, in words; what the pack doesn't say was usual."""
    now, usual = told_loss(recipe, network), {"pooling": "max"} | told_recipe_loss(Recipe())
    trained = {name: pack.facts.training.get(name, usual.get(name, told)) for name, told in now.items()}
    return ", ".join(f"{name} {now[name]} in place of {trained[name]}" for name in now if trained[name] != now[name])


def add_styles(
    addition: Addition,
    options: TrainingOptions,
    facts: Sequence[StyleFacts],
    job: Job,
    machine: Machine,
    console: Console,
) -> tuple[Run, Trained]:
    """Learns the new vectors, then polishes if asked; gives the last run, and what is to be written."""
    run = _learn_vectors(addition, options, job, machine, console)
    old, learnt = addition.weights, run.trainer.averaged
    tables = joined(
        (old.scale, old.shift, old.mean, old.deviation),
        (learnt.scale.detach(), learnt.shift.detach(), *run.trainer.usual_statistics()),
    )
    scale, shift, mean, deviation = tables
    model = model_with(addition.pack.facts.network.spec, old.network.state_dict(), scale, shift)
    measured = [
        facts[number].model_copy(update={"training": run.trainer.measure(n)}) for n, number in enumerate(addition.new)
    ]
    others = _other_settings(addition.pack, run.trainer.recipe, job.network)
    told = _told_addition(training_facts(run, job)) + (f"; {others}" if others else "")
    added: dict[str, str | int | float] = {f"added_{style.name}": told for style in measured}
    trained = Trained(
        title=addition.pack.facts.title,
        licence=addition.pack.facts.licence,
        model=model,
        mean=mean,
        deviation=deviation,
        styles=[*addition.pack.styles, *measured],
        training=addition.pack.facts.training | added,
    )
    if options.polish:
        return _polish(trained, addition, options, job, machine, console)
    return run, trained


def _told_addition(told: dict[str, str | int | float]) -> str:
    return f"{told['minutes']} minutes on {told['device']}, {told['steps']} steps, vectors alone"


def _learn_vectors(addition: Addition, options: TrainingOptions, job: Job, machine: Machine, console: Console) -> Run:
    old, spec = addition.weights, addition.pack.facts.network.spec
    recipe = replace(options.recipe, network_trained=False)
    new = replace(job, styles=[job.styles[number] for number in addition.new])
    start = vectors_alone(spec, old.network.state_dict(), (old.scale, old.shift), new, recipe)
    run = Run(Trainer(recipe, new, machine, start=start), machine, options.checkpoint, options.tensorboard)
    if options.resume:
        run.restore()
        _check_network(run, old.network)
    elif machine.crew.leads:
        _polish_checkpoint(options).unlink(missing_ok=True)  # of a run before: it would be taken for this one's
    run.go(console)
    return run


def _check_network(run: Run, network: StyleNetwork) -> None:
    wanted, found = network.state_dict(), run.trainer.model.network.state_dict()
    if not all(torch.equal(found[name].cpu(), weights) for name, weights in wanted.items()):
        raise TrainingError(
            f"the checkpoint {run.checkpoint} is of vectors for another pack",
            "name that one, or leave out --resume",
        )


def _polish_checkpoint(options: TrainingOptions) -> Path:
    return options.checkpoint.with_suffix(".polish" + options.checkpoint.suffix)


def _polish(
    trained: Trained, addition: Addition, options: TrainingOptions, job: Job, machine: Machine, console: Console
) -> tuple[Run, Trained]:
    """Joint steps of the network and all styles. Its checkpoint lies beside that of the vectors."""
    every = replace(job, styles=[job.styles[number] for number in addition.order])
    checkpoint = _polish_checkpoint(options)
    trainer = Trainer(_polishing(options), every, machine, start=trained.model)
    run = Run(trainer, machine, checkpoint, options.tensorboard)
    if options.resume and checkpoint.exists():
        run.restore()
    run.go(console)
    mean, deviation = trainer.usual_statistics()
    styles = [style.model_copy(update={"training": trainer.measure(n)}) for n, style in enumerate(trained.styles)]
    told = trained.training | told_loss(trainer.recipe, job.network)
    told["polish"] = f"{options.polish} steps with all styles"
    polished = replace(trained, model=trainer.averaged, mean=mean, deviation=deviation, styles=styles, training=told)
    return run, polished


def _polishing(options: TrainingOptions) -> Recipe:
    given = options.recipe
    return replace(
        given,
        steps=options.polish,
        time_s=None,
        square_px=given.late_square_px,
        kernel_rate=given.kernel_rate * _POLISH_RATE,
        vector_rate=given.vector_rate * _POLISH_RATE,
    )
