"""How the picture is looked at: strength, colours, mirror, split screen, the original."""

from __future__ import annotations

from dataclasses import replace

from murai.config import Config
from murai.display.view import ViewState

_STEP = 0.1


class Look:
    """What visitors change of the picture, and what it goes back to. Owned by the main thread.

    Whatever changes it returns what to say of it.
    """

    def __init__(self, config: Config) -> None:
        self._usual = self._view = ViewState(
            fit=config.display.fit,
            mirror=config.display.mirror,
            quarter_turns=config.display.quarter_turns,
            strength=config.stylizer.strength,
            own_colours=float(config.stylizer.own_colours),
        )
        self._original = False

    @property
    def view(self) -> ViewState:
        """As it is seen."""
        return replace(self._view, strength=0.0) if self._original else self._view

    def turn(self, config: Config) -> None:
        """Takes over how the screen stands from a config that was loaded again."""
        fit, turns = config.display.fit, config.display.quarter_turns
        self._usual = replace(self._usual, fit=fit, quarter_turns=turns)
        self._view = replace(self._view, fit=fit, quarter_turns=turns)

    def reset(self) -> None:
        """As the config has it."""
        self._view, self._original = self._usual, False

    def show_painting(self) -> None:
        """Makes sure that something painted is seen: people who choose a style or take a picture want that."""
        self._original = False
        if self._view.strength == 0.0:
            self._view = replace(self._view, strength=self._usual.strength or 1.0)

    def change_strength(self, steps: int) -> str:
        self._original = False
        strength = round(min(max(self._view.strength + steps * _STEP, 0.0), 1.0), 2)
        self._view = replace(self._view, strength=strength)
        return f"Style {strength:.0%}"

    def toggle_own_colours(self) -> str:
        own = 1.0 - self._view.own_colours
        self._view = replace(self._view, own_colours=own)
        return "The camera's own colours" if own else "The painting's colours"

    def toggle_original(self) -> str:
        self._original = not self._original
        return "Original picture" if self._original else "Painting"

    def toggle_split(self) -> None:
        self._view = replace(self._view, split=0.5 if self._view.split is None else None)

    def toggle_mirror(self) -> None:
        self._view = replace(self._view, mirror=not self._view.mirror)
