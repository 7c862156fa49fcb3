"""What `murai train` does: photographs and paintings in, a style pack out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from murai.apps.training_about import all_style_facts, with_images
from murai.apps.training_guard import check_nothing_is_lost, check_unchanged, only_run
from murai.apps.training_into import Addition, add_styles, as_the_pack, check_addition, tell_other_settings
from murai.apps.training_options import TrainingOptions
from murai.apps.training_pack import CURVES_FILE, Trained, training_facts, write_trained
from murai.apps.training_run import Run
from murai.apps.training_setup import FEWEST_PHOTOGRAPHS, open_eyes, open_machine, read_clips, read_photographs
from murai.apps.training_start import Start, begun
from murai.errors import TrainingError
from murai.stylize.pack import StyleFacts, read_pack
from murai.stylize.pack_writer import add_twin, check_pack_folder, check_twin
from murai.training.data import find_content
from murai.training.loop import Trainer
from murai.training.machine import Machine
from murai.training.objective import Job
from murai.training.style_image import read_style

_log = logging.getLogger(__name__)


def train_pack(options: TrainingOptions, console: Console) -> None:
    """Trains to the end, or goes on from a checkpoint, and writes the pack with its previews.

    Raises:
        TrainingError, ConfigError, PackError, HardwareError: something can't be used, in words; the checkpoint stays.
    """
    facts = all_style_facts(options.styles, options.about)
    addition = check_addition(options.into, options.styles, options.polish > 0) if options.into else None
    if addition is not None:
        options = as_the_pack(options, addition.pack)
    images = [read_style(source, options.recipe.style_px) for source in options.styles]
    options, start = begun(options, images)
    facts = with_images(facts, options.styles, images, options.recipe.style_px)
    files = find_content(options.photographs, FEWEST_PHOTOGRAPHS)
    _check_pack(options, addition)
    with open_machine(options.machine) as machine, _alone(options, machine):
        eyes = open_eyes(options.perceptual, machine)
        if addition is not None:
            tell_other_settings(addition.pack, options.recipe, eyes)
        photographs = read_photographs(options, files, machine, console)
        job = Job(eyes, photographs, images, read_clips(options, files, machine, console))
        if addition is None:
            run, trained = _train_new(options, facts, job, machine, start, console)
        else:
            run, trained = add_styles(addition, options, facts, job, machine, console)
        if machine.crew.leads:
            _write(options, addition, run, trained)
            console.print(Text(f"{options.pack}: {len(trained.styles)} styles"), soft_wrap=True)
        machine.crew.wait()


def _check_pack(options: TrainingOptions, addition: Addition | None) -> None:
    spec, names = options.recipe.network, [style.name for style in options.styles]
    if addition is not None:
        known = [style.name for style in addition.pack.styles]
        names = [*known, *(names[number] for number in addition.new)]
    check_nothing_is_lost(options.pack, names)
    if options.twin_of is not None:
        check_twin(read_pack(options.twin_of), options.pack, spec, names)


@contextmanager
def _alone(options: TrainingOptions, machine: Machine) -> Iterator[None]:
    """Tries whether all can be written, and sees to it that no other run writes the same."""
    if not machine.crew.leads:  # several at once would be in each other's way
        yield
        return
    check_pack_folder(options.pack)
    if options.resume and not options.checkpoint.is_file():
        raise TrainingError(f"can't read the checkpoint {options.checkpoint}: there is none", "start without --resume")
    with only_run(options.checkpoint):
        yield


def _write(options: TrainingOptions, addition: Addition | None, run: Run, trained: Trained) -> None:
    if addition is not None and options.pack.resolve() == addition.pack.folder.resolve():
        check_unchanged(addition.pack)
    write_trained(options.pack, trained)
    if addition is not None and addition.pack.facts.network.twin_sha256:
        _log.warning("%s has no twin: that of %s lacks what was added", options.pack, addition.pack.folder)
    run.curves.draw(options.pack / CURVES_FILE, trained.title)
    if options.twin_of is not None:
        add_twin(read_pack(options.twin_of), read_pack(options.pack))


def _train_new(
    options: TrainingOptions,
    facts: Sequence[StyleFacts],
    job: Job,
    machine: Machine,
    start: Start,
    console: Console,
) -> tuple[Run, Trained]:
    trainer = Trainer(options.recipe, job, machine, start=start.model)
    run = Run(trainer, machine, options.checkpoint, options.tensorboard, before=start.told)
    if options.resume:
        run.restore()
    run.go(console)
    mean, deviation = trainer.usual_statistics()
    told = options.about.get("pack", {})
    measured = [style.model_copy(update={"training": trainer.measure(n)}) for n, style in enumerate(facts)]
    trained = Trained(
        title=str(told.get("title", options.pack.name.capitalize())),
        licence=str(told.get("licence", "")),
        model=trainer.averaged,
        mean=mean,
        deviation=deviation,
        styles=measured,
        training=training_facts(run, job),
    )
    return run, trained
