"""Timing one thing again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch

from murai.apps.benchmark.figures import Timings

_WARM_UP_CALLS = 3
_SLOW_S = 1.0
_FEWEST = 2
_BATCH = 64  # launches between two looks at a GPU: enough that it never waits, few enough that nothing piles up


def time_calls(call: Callable[[], Any], seconds: float, device: str = "cpu") -> Timings:
    """How long each call takes, over at least so many seconds and two calls, once it is warm.

    device: "cuda" times what the calls launch there by events, and waits for it only between batches.
    """
    for _ in range(_WARM_UP_CALLS):
        begun_s = time.perf_counter()
        call()
        if time.perf_counter() - begun_s > _SLOW_S:  # what takes seconds needs no more warming
            break
    return _on_gpu(call, seconds) if device == "cuda" else _here(call, seconds)


def _here(call: Callable[[], Any], seconds: float) -> Timings:
    begun_s = before_s = time.perf_counter()
    durations_s: list[float] = []
    while before_s - begun_s < seconds or len(durations_s) < _FEWEST:
        call()
        now_s = time.perf_counter()
        durations_s.append(now_s - before_s)
        before_s = now_s
    return Timings(durations_s, before_s - begun_s)


def _on_gpu(call: Callable[[], Any], seconds: float) -> Timings:
    durations_s: list[float] = []
    passed_s = 0.0
    torch.cuda.synchronize()
    while passed_s < seconds or len(durations_s) < _FEWEST:
        marks = [_marked()]
        for _ in range(_BATCH):
            call()
            marks.append(_marked())
        marks[-1].synchronize()
        durations_s += [one.elapsed_time(two) / 1e3 for one, two in pairwise(marks)]
        passed_s += marks[0].elapsed_time(marks[-1]) / 1e3
    return Timings(durations_s, passed_s)


def _marked() -> torch.cuda.Event:
    event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    event.record()
    return event
