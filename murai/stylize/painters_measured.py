"""Which of several ways to paint is the quickest here: measured once, and remembered."""

from __future__ import annotations

import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_log = logging.getLogger(__name__)

BUDGET_S = 1.0
_MOST_ROUNDS = 15

Run = Callable[[], object]
"""Paints one picture."""

Timer = Callable[[Run], float]
"""Runs once, and says how long it took until the picture was there, in seconds."""


def measure(runs: Mapping[str, Run], timer: Timer, clock: Callable[[], float] = time.monotonic) -> dict[str, float]:
    """The median time of each, in seconds.

    They take turns, so that whatever else the machine does, or a clock that speeds up, is the same for all. At
    least three rounds; more for at most `BUDGET_S`.

    runs: each has painted before, and is as fast as it will be.
    """
    took: dict[str, list[float]] = {name: [] for name in runs}
    until_s = clock() + BUDGET_S
    for done in range(_MOST_ROUNDS):
        if done >= 3 and clock() >= until_s:
            break
        for name, run in runs.items():
            took[name].append(timer(run))
    return {name: statistics.median(each) for name, each in took.items()}


class Memory:
    """What was the quickest, kept in a file from one start to the next.

    A file that is damaged or can't be written is told in the log, and costs another measurement, not the show.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def recall(self, question: str) -> str | None:
        """The answer that was kept for this very question."""
        return self._read().get(question)

    def keep(self, question: str, answer: str) -> None:
        """Keeps an answer beside those that are there."""
        answers = self._read(told=True) | {question: answer}
        new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(answers, indent=1, sort_keys=True) + "\n", encoding="utf-8")
            new.replace(self._file)
        except OSError as error:
            _log.warning("which engine is the quickest can't be kept, and is measured at each start: %s", error)

    def _read(self, *, told: bool = False) -> dict[str, str]:
        """told: what is wrong with the file was logged when it was read before."""
        try:
            answers = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError) as error:
            return self._damaged(str(error), told)
        if not isinstance(answers, dict) or not all(isinstance(each, str) for each in answers.values()):
            return self._damaged("it isn't a table of names", told)
        return answers

    def _damaged(self, why: str, told: bool) -> dict[str, str]:
        if not told:
            _log.warning("%s is damaged, measuring engines again: %s", self._file, why)
        return {}
