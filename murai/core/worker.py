"""A thread that lives inside a `with` block."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from murai.errors import MuraiError


class Worker:
    """Runs `body(stop)` in a thread of its own from `__enter__` to `__exit__`.

    body: returns soon after `stop` is set.
    on_end: called once in that thread with the cause of its failure, or None; the place to close
        the slot that the thread writes to.

    `__exit__` sets the event and waits up to `patience_s`; a thread that is still there then is
    a fault of its body.
    """

    def __init__(
        self,
        name: str,
        body: Callable[[threading.Event], None],
        on_end: Callable[[BaseException | None], None],
        patience_s: float = 5.0,
    ) -> None:
        self.stop = threading.Event()
        self._body = body
        self._on_end = on_end
        self._patience_s = patience_s
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        self._thread.join(self._patience_s)
        if self._thread.is_alive() and fault is None:
            raise MuraiError(
                f"the {self._thread.name} thread did not end within {self._patience_s:g} s", "report this fault"
            )

    def _run(self) -> None:
        cause: BaseException | None = None
        try:
            self._body(self.stop)
        except Exception as fault:  # a thread's edge: whatever ended it is handed to the reader
            cause = fault
        self._on_end(cause)
