"""One of the processes that train together; torchrun starts it. Arguments: folder of photographs, steps, file."""

from __future__ import annotations

import atexit
import json
import os
import sys
from pathlib import Path

import torch

from murai.training.distributed import crew, end_member
from murai.training.loop import Trainer
from murai.training.machine import Machine
from tests.training.tiny import tiny_job, tiny_recipe


def main(photographs: Path, steps: int, told: Path) -> None:
    """Writes each step's losses, and the sum of each of the weights in the end, of every process into its own file."""
    torch.set_num_threads(1)
    recipe = tiny_recipe(steps=steps, batch=4)
    with crew(torch.device("cpu")) as members:
        trainer = Trainer(recipe, tiny_job(photographs, recipe, styles=3), Machine(crew=members))
        losses = [report.losses for report in trainer.run()]
        weights = {name: float(each.double().sum()) for name, each in trainer.averaged.state_dict().items()}
        file = told.with_suffix(f".{members.rank}.json")
        file.write_text(json.dumps({"losses": losses, "weights": weights, "size": members.size}))


if __name__ == "__main__":
    # The interpreter isn't to be taken down while the group's threads live: it would be seen as a failure.
    atexit.register(os._exit, 3)
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    end_member()
