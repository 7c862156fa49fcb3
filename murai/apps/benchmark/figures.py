"""What a measurement comes to, and its JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from murai.apps.benchmark.options import Size, size_name


@dataclass(frozen=True)
class Timings:
    """How long each of many frames took.

    durations_s: one a frame, at least one.
    passed_s: in which all were done; less than their sum where they overlap.
    """

    durations_s: Sequence[float]
    passed_s: float

    @property
    def fps(self) -> float:
        return len(self.durations_s) / self.passed_s

    def percentile_ms(self, share: float) -> float:
        """What this share of the durations stayed at or below: the nearest rank."""
        ordered = sorted(self.durations_s)
        return 1e3 * ordered[max(math.ceil(share * len(ordered)), 1) - 1]


@dataclass(frozen=True)
class Subject:
    """What a row is about.

    who: "murai"; "peer" for the usual script; or the name of another program on the same network.
    pack: "" where none has a part in it.
    styles: how many are mixed.
    """

    who: str
    stage: str
    size: Size
    pack: str = ""
    styles: int = 1

    def __str__(self) -> str:
        mixed = f", {self.styles} styles" if self.styles > 1 else ""
        return " ".join(word for word in (self.who, self.stage, size_name(self.size), self.pack) if word) + mixed


@dataclass(frozen=True)
class Row:
    """One measurement.

    limit: the machine's limit that it is compared with; rate: what it did a second, in that limit's unit.
    at_limit: the limit, measured beside it; None before it is.
    engine: what painted, and in which number type; "" where nothing of Murai's did.
    """

    subject: Subject
    timings: Timings
    limit: str = ""
    rate: float = 0.0
    at_limit: float | None = None
    engine: str = ""

    @property
    def of_limit(self) -> float | None:
        """Share of the machine's own limit; None where it has none."""
        return self.rate / self.at_limit if self.at_limit else None

    def as_json(self) -> dict[str, Any]:
        subject, timings = self.subject, self.timings
        return {
            "who": subject.who,
            "stage": subject.stage,
            "size": size_name(subject.size),
            "pack": subject.pack or None,
            "styles": subject.styles,
            "frames": len(timings.durations_s),
            "fps": round(timings.fps, 3),
            "ms": {name: round(timings.percentile_ms(share), 3) for name, share in PERCENTILES},
            "engine": self.engine or None,
            "limit": self.limit or None,
            "of_limit": None if self.of_limit is None else round(self.of_limit, 5),
        }


PERCENTILES = (("p50", 0.50), ("p95", 0.95), ("p99", 0.99))


@dataclass
class Result:
    """All of one run. notes: lines on what could not be measured."""

    machine: dict[str, Any]
    limits: dict[str, Any]
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "limits": self.limits,
            "rows": [row.as_json() for row in self.rows],
            "notes": self.notes,
        }

    def find(self, who: str, stage: str, size: Size) -> list[Row]:
        """Rows with one style, in the order in which they were measured."""
        return [
            row
            for row in self.rows
            if (row.subject.who, row.subject.stage, row.subject.size, row.subject.styles) == (who, stage, size, 1)
        ]
