"""Loads config and pack again while the show goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from murai.apps.actions import actions_by_key
from murai.config import Config
from murai.core.slot import LatestSlot, SlotClosed
from murai.core.worker import Worker
from murai.errors import MuraiError
from murai.hardware import Compute
from murai.stylize.engine import Engine
from murai.stylize.shelf import find_pack

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reloaded:
    """A config, and an engine that is warm."""

    config: Config
    engine: Engine


class Reloader:
    """One reload at a time, in a thread of its own. Owned by the main thread.

    read_config: gives the config as it stands now; called in that thread.
    """

    def __init__(self, read_config: Callable[[], Config], compute: Compute) -> None:
        self._read_config = read_config
        self._compute = compute
        self._worker: Worker | None = None
        self._done: LatestSlot[Reloaded] = LatestSlot()
        self._size_px = (0, 0)

    @property
    def busy(self) -> bool:
        return self._worker is not None

    def start(self, size_px: tuple[int, int]) -> None:
        """Begins, unless it has begun already. size_px: of the frames, for the warm-up."""
        if self._worker is None:
            self._size_px = size_px
            self._done = LatestSlot()
            self._worker = Worker("reload", self._load, self._done.close, patience_s=30.0)
            self._worker.__enter__()

    def result(self) -> Reloaded | None:
        """What was loaded, once; None while there is nothing. Never waits.

        Raises:
            MuraiError: it can't be used; the show goes on with what it has.
        """
        if self._worker is None:
            return None
        try:
            done = self._done.take(0.0)
        except SlotClosed as closed:
            self.close()
            if isinstance(closed.cause, MuraiError):
                raise closed.cause from None
            _log.error("reloading failed", exc_info=closed.cause)
            raise MuraiError(f"reloading failed: {closed.cause}") from closed
        if done is not None:
            self.close()
        return done

    def close(self) -> None:
        if self._worker is not None:
            self._worker.__exit__(None, None, None)
            self._worker = None

    def _load(self, stop: Event) -> None:
        config = self._read_config()
        actions_by_key(config.keys)
        engine = Engine(find_pack(config.stylizer.pack, self._compute.device), self._compute)
        engine.warm_up(self._size_px)
        self._done.put(Reloaded(config, engine))
