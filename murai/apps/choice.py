"""Which style is on, and how it comes to be another."""

from __future__ import annotations

import math

from murai.config import KioskConfig
from murai.stylize.mix import StyleMix


class StyleChoice:
    """The style that was chosen, its blend with the next one, and the change by itself.

    Owned by the main thread; it moves the mix that the stylist paints with.
    """

    def __init__(self, styles: int, first: int, config: KioskConfig) -> None:
        self.mix = StyleMix(styles, config.fade_s)
        self.mix.jump_to(first)
        self.styles = styles
        self.current = first
        self.blended = False
        self._every_s = config.change_every_s
        self._changes_at_s = math.inf

    @property
    def auto(self) -> bool:
        """Whether styles change by themselves."""
        return self._changes_at_s < math.inf

    @property
    def following(self) -> int:
        return (self.current + 1) % self.styles

    def choose(self, style: int, now_s: float) -> None:
        """Glides to one style; counted round and round, so that -1 is the last."""
        self.current = style % self.styles
        self.blended = False
        self._move(now_s)

    def toggle_blend(self, now_s: float) -> None:
        """Half and half with the next style, or back."""
        self.blended = not self.blended
        self._move(now_s)

    def set_auto(self, wanted: bool, now_s: float) -> None:
        self._changes_at_s = now_s + self._every_s if wanted else math.inf

    def tick(self, now_s: float) -> bool:
        """Goes on to the next style when it is time; says whether it did."""
        if now_s < self._changes_at_s:
            return False
        self.choose(self.following, now_s)
        return True

    def _move(self, now_s: float) -> None:
        if self.auto:  # whoever chooses gets the full time to look at it
            self._changes_at_s = now_s + self._every_s
        if self.blended and self.styles > 1:
            self.mix.go_to({self.current: 0.5, self.following: 0.5}, now_s)
        else:
            self.mix.go_to({self.current: 1.0}, now_s)
