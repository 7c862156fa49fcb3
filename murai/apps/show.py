"""The show: what is seen at a moment, and what each key does to it.

Knows no thread, no window and no clock of its own: the kiosk hands it keys, pictures and the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from murai.apps.actions import Action, actions_by_key, help_rows
from murai.apps.choice import StyleChoice
from murai.apps.look import Look
from murai.apps.messages import Messages
from murai.apps.shutter import Shutter
from murai.apps.tickets import Tickets
from murai.config import Config
from murai.core.frame import Painted
from murai.display.canvas import KeyEvent
from murai.display.hud import HelpPanel, HudState, TitleCard
from murai.display.view import ViewState
from murai.errors import MuraiError
from murai.stylize.pack import Pack, StyleFacts

_HOLD_TO_QUIT_S = 3.0
_TITLE_S, _TITLE_FADE_S = 3.0, 0.5
_LOST_DIM = 0.55
_HELP_AT_START_S = 10.0


class Backstage(Protocol):
    """What the show asks for and can't do itself. None of it may wait."""

    def take_picture(self, painted: Painted, view: ViewState, style: StyleFacts) -> int:
        """Hands a picture, as it is seen, over to be kept; returns its ticket. Raises: SnapshotError."""
        ...

    def cancel_picture(self, ticket: int) -> None: ...

    def toggle_fullscreen(self) -> None: ...

    def reload(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What the renderer draws."""

    painted: Painted | None
    view: ViewState
    hud: HudState


class Show:
    """State of the show. Owned by the main thread; `now_s` is always monotonic and never goes back."""

    def __init__(self, config: Config, pack: Pack, backstage: Backstage, now_s: float) -> None:
        self._backstage = backstage
        self.messages = Messages()
        self.ended = False
        self.status = ""
        self.figures: tuple[tuple[str, str], ...] = ()
        self._painted: Painted | None = None
        self._lost = False
        self._quit_since_s = math.inf
        self._help_until_s = now_s + _HELP_AT_START_S if config.kiosk.help_at_start else -math.inf
        self._look = Look(config)
        self._touched_s = math.inf
        self._shutter = Shutter(config.snapshot)
        self._cancel_s = config.snapshot.cancel_s  # as long as the outbox waits, whatever is loaded again
        self._tickets = Tickets(self._cancel_s)
        self._adopt(config, pack, pack.index_of(config.stylizer.style), now_s)
        self.choice.set_auto(config.kiosk.change_at_start, now_s)

    def use(self, config: Config, pack: Pack, now_s: float) -> None:
        """Goes on with another config and pack; `choice.mix` is a new one afterwards.

        The style stays on where the new pack has one of that name.

        Raises:
            ConfigError: one key is to do two things.
        """
        names, auto = [style.name for style in pack.styles], self.choice.auto
        self._adopt(config, pack, names.index(self.style.name) if self.style.name in names else 0, now_s)
        self.choice.set_auto(auto, now_s)

    def _adopt(self, config: Config, pack: Pack, style: int, now_s: float) -> None:
        self._actions = actions_by_key(config.keys)
        self._config = config
        self._pack = pack
        self._help_rows = help_rows(config.keys, len(pack.styles), config.kiosk.lock)
        self.choice = StyleChoice(len(pack.styles), style, config.kiosk)
        self._look.turn(config)
        self._title_until_s = now_s + _TITLE_S

    @property
    def locked(self) -> bool:
        """Whether visitors are to be kept from ending it."""
        return self._config.kiosk.lock

    @property
    def style(self) -> StyleFacts:
        """The style that is on, or the first of the two that are blended."""
        return self._pack.styles[self.choice.current]

    # What comes in

    def arrived(self, painted: Painted) -> None:
        """A new painting is there."""
        self._painted = painted
        if self._lost:
            self._lost = False
            self.messages.take_back("source")

    def source_lost(self, cause: str, now_s: float) -> None:
        """No more pictures for now, and why."""
        self._lost = True
        self._shutter.abort()
        self.messages.say(cause, now_s, level="error", for_s=math.inf, topic="source")

    def picture_kept(self, ticket: int, queued: bool, posting: bool, now_s: float) -> None:
        """The picture is on the disk; `queued` in the outbox, and `posting` if it will go out from there."""
        if queued:
            self._tickets.kept(ticket, now_s)
        else:
            self._tickets.drop(ticket)
        if not (queued and posting):
            self.messages.say("Saved", now_s, topic="picture")
            return
        keys = " or ".join(self._config.keys.cancel)
        hint = f"  ·  {keys}: don't post it" if keys and self._cancel_s > 0 else ""
        self.messages.say(f"Saved, will be posted{hint}", now_s, for_s=max(self._cancel_s, 3.0), topic="picture")

    def picture_failed(self, ticket: int, error: MuraiError, saved: bool, now_s: float) -> None:
        """The picture could not be kept, or `saved` but not queued."""
        self._tickets.drop(ticket)
        self._say_failed("Saved, but can't be posted" if saved else "Not saved", error, now_s)

    def picture_cancelled(self, in_time: bool, now_s: float) -> None:
        text = "Will not be posted" if in_time else "Too late: it is posted already"
        self.messages.say(text, now_s, level="info" if in_time else "warning", topic="picture")

    def key(self, event: KeyEvent, now_s: float) -> None:
        """A key went down or up. Held keys repeat only where more of it makes sense."""
        action = self._actions.get(event.name)
        if action is None:
            return
        self._touched_s = now_s
        if action.command == "quit":
            self._hold_quit(event, now_s)
        elif event.action == "pressed" or (event.action == "repeated" and action.command in ("more", "less")):
            self._do(action, now_s)

    # What is seen

    def scene(self, now_s: float) -> Scene:
        """What the screen shows now. Takes the picture when its moment has come."""
        if self.choice.tick(now_s):
            self._title_until_s = now_s + _TITLE_S
        if now_s - self._touched_s >= (self._config.kiosk.reset_after_s or math.inf):
            self._reset(now_s)
        if self._shutter.due(now_s):
            self._take(now_s)
        self._watch_quit(now_s)
        frozen, melting = self._shutter.frozen(now_s), self._shutter.melting(now_s)
        view = replace(
            self._look.view,
            dim=_LOST_DIM if self._lost and frozen is None else 0.0,
            flash=self._shutter.flash(now_s),
            previous=melting[0] if melting else None,
            fade=melting[1] if melting else 1.0,
        )
        hud = HudState(
            countdown=self._shutter.countdown(now_s),
            toasts=self.messages.toasts(now_s),
            title=self._title(now_s),
            help=HelpPanel(self._help_rows, self.figures) if self._helps(now_s) else None,
            status=self.status or None,
        )
        return Scene(frozen or self._painted, view, hud)

    def _title(self, now_s: float) -> TitleCard | None:
        left_s = self._title_until_s - now_s
        if left_s <= 0.0 or self._shutter.counting or self._helps(now_s):
            return None
        style, alpha = self.style, round(min(1.0, left_s / _TITLE_FADE_S) * 20) / 20
        if self.choice.blended:
            other = self._pack.styles[self.choice.following]
            return TitleCard(f"{style.title} + {other.title}", alpha=alpha)
        return TitleCard(style.title, style.artist, style.year, alpha)

    def _helps(self, now_s: float) -> bool:
        return now_s < self._help_until_s

    def _reset(self, now_s: float) -> None:
        """Nobody has touched a key for long: the next visitor finds everything as the config has it."""
        self._touched_s = math.inf
        self._look.reset()
        self._help_until_s = -math.inf
        if self.choice.blended:
            self.choice.toggle_blend(now_s)
        if self.choice.auto != self._config.kiosk.change_at_start:
            self.choice.set_auto(not self.choice.auto, now_s)

    # What keys do

    def _do(self, action: Action, now_s: float) -> None:
        if action.command == "style" and action.number >= self.choice.styles:
            self.messages.say(f"There is no style {action.number + 1}", now_s, level="warning", topic="key")
        elif action.command == "style":
            self._choose(action.number, now_s)
        else:
            self._commands()[action.command](now_s)

    def _commands(self) -> dict[str, Callable[[float], None]]:
        return {
            "next_style": lambda now_s: self._choose(self.choice.current + 1, now_s),
            "previous_style": lambda now_s: self._choose(self.choice.current - 1, now_s),
            "picture": self._press_shutter,
            "cancel": self._cancel,
            "more": lambda now_s: self._say(self._look.change_strength(1), now_s),
            "less": lambda now_s: self._say(self._look.change_strength(-1), now_s),
            "own_colours": lambda now_s: self._say(self._look.toggle_own_colours(), now_s),
            "blend": self._toggle_blend,
            "split": lambda now_s: self._look.toggle_split(),
            "mirror": lambda now_s: self._look.toggle_mirror(),
            "original": lambda now_s: self._say(self._look.toggle_original(), now_s),
            "auto_change": self._toggle_auto,
            "help": self._toggle_help,
            "fullscreen": lambda now_s: self._backstage.toggle_fullscreen(),
            "close": self._close,
            "reload": lambda now_s: self._backstage.reload(),
        }

    def _choose(self, style: int, now_s: float) -> None:
        self.choice.choose(style, now_s)
        self._look.show_painting()
        self._title_until_s = now_s + _TITLE_S

    def _say(self, text: str, now_s: float) -> None:
        self.messages.say(text, now_s, for_s=1.6, topic="key")

    def _say_failed(self, what: str, error: MuraiError, now_s: float) -> None:
        self.messages.say(f"{what}: {error}", now_s, level="error", for_s=8.0, topic="picture")

    def _press_shutter(self, now_s: float) -> None:
        if self._painted is None or self._lost:
            self.messages.say("No picture can be taken: the camera is lost", now_s, level="warning", topic="picture")
        else:
            self._help_until_s = -math.inf  # nobody wants to look at a picture through it
            self._look.show_painting()
            self._shutter.press(now_s)

    def _take(self, now_s: float) -> None:
        if self._painted is None:
            self._shutter.abort()
            return
        self._shutter.take(self._painted, now_s)
        style = next((style for style in self._pack.styles if style.name == self._painted.style), self.style)
        try:
            self._tickets.taken(self._backstage.take_picture(self._painted, self._look.view, style))
        except MuraiError as error:
            self._say_failed("Not saved", error, now_s)

    def _cancel(self, now_s: float) -> None:
        if self._shutter.counting:
            self._shutter.abort()
        elif (ticket := self._tickets.cancel(now_s)) is not None:
            self._backstage.cancel_picture(ticket)
        else:
            self._say("There is no picture to take back", now_s)

    def _toggle_blend(self, now_s: float) -> None:
        self.choice.toggle_blend(now_s)
        self._look.show_painting()
        self._title_until_s = now_s + _TITLE_S

    def _toggle_auto(self, now_s: float) -> None:
        self.choice.set_auto(not self.choice.auto, now_s)
        self._say("Styles change by themselves" if self.choice.auto else "The style stays", now_s)

    def _toggle_help(self, now_s: float) -> None:
        self._help_until_s = -math.inf if self._helps(now_s) else math.inf

    def _close(self, now_s: float) -> None:
        if self._shutter.counting:
            self._shutter.abort()
        elif self._helps(now_s):
            self._help_until_s = -math.inf
        elif not self._config.kiosk.lock:
            self.ended = True

    def _hold_quit(self, event: KeyEvent, now_s: float) -> None:
        if event.action == "released":
            self._quit_since_s = math.inf
            self.messages.take_back("quit")
        elif event.action == "pressed" and self._config.kiosk.lock:
            self._quit_since_s = now_s
            self.messages.say(f"Hold {event.name} for three seconds to quit", now_s, for_s=math.inf, topic="quit")
        elif event.action == "pressed":
            self.ended = True

    def _watch_quit(self, now_s: float) -> None:
        if now_s - self._quit_since_s >= _HOLD_TO_QUIT_S:
            self.ended = True
