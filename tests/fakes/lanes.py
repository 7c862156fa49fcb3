"""A decoder's lane in host memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor


class HostLane:
    """A `Lane` whose work is done at once. `log`: what was asked of it, in order; `depth`: over 0 while entered."""

    device = torch.device("cpu")
    handle = 0x51A4E

    def __init__(self) -> None:
        self.log: list[str] = []
        self.depth = 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1

    def made_beside(self, make: Callable[[], Tensor]) -> Tensor:
        self.log.append("beside")
        return make()

    def mark(self) -> None:
        self.log.append("mark")

    def after_default(self) -> None:
        self.log.append("after default")

    def before_default(self) -> None:
        self.log.append("before default")
