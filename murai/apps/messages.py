"""The short messages on the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from murai.display.hud import Level, Toast

_FADE_S = 0.4
_MOST = 3


@dataclass(frozen=True, slots=True)
class _Message:
    text: str
    level: Level
    since_s: float
    until_s: float
    topic: str


class Messages:
    """What is said for how long. Owned by the main thread.

    A message of a topic takes the place of the one before it.
    """

    def __init__(self) -> None:
        self._said: list[_Message] = []

    def say(self, text: str, now_s: float, *, level: Level = "info", for_s: float = 3.0, topic: str = "") -> None:
        """Shows a message; `for_s` may be infinite, until `take_back`."""
        topic = topic or text
        self.take_back(topic)
        self._said.append(_Message(text, level, now_s, now_s + for_s, topic))

    def take_back(self, topic: str) -> None:
        """Removes the topic's message, if there is one."""
        self._said = [message for message in self._said if message.topic != topic]

    def toasts(self, now_s: float) -> tuple[Toast, ...]:
        """What is to be seen now: first what lasts, then the newest, three at most."""
        self._said = [message for message in self._said if message.until_s > now_s]
        lasting = [message for message in self._said if message.until_s == math.inf]
        passing = [message for message in self._said if message.until_s < math.inf]
        seen = [*lasting, *passing[::-1][: max(_MOST - len(lasting), 0)][::-1]][:_MOST]
        return tuple(Toast(m.text, m.level, _alpha(now_s, m.since_s, m.until_s)) for m in seen)


def _alpha(now_s: float, since_s: float, until_s: float) -> float:
    # Twenty steps are smooth to the eye, and let the renderer see when nothing has changed.
    shown = min(1.0, (now_s - since_s) / _FADE_S + 0.2, (until_s - now_s) / _FADE_S)
    return round(max(shown, 0.0) * 20) / 20
