"""The kiosk: everything wired together, and the main thread's loop."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Any

from murai.apps.darkroom import Darkroom
from murai.apps.figures import Figures, ShowFacts, StatsFile
from murai.apps.lock import only_one
from murai.apps.lost_gpu import gpu_watched
from murai.apps.outputs import check_apart, check_ending
from murai.apps.presses import PressClock
from murai.apps.reloader import Reloader
from murai.apps.show import Show
from murai.apps.supervisor import Supervisor
from murai.config import Config
from murai.core.frame import Painted
from murai.core.paths import runtime_folder
from murai.core.process import started_s
from murai.core.statistics import FrameCounts
from murai.display.canvas import Canvas, KeyEvent
from murai.display.opening import open_canvas
from murai.display.view import ViewState
from murai.errors import DisplayError, MuraiError
from murai.hardware import choose_compute
from murai.publish.outbox import outbox_file
from murai.sources.open import OpenedSource, open_source
from murai.sources.uri import CameraSpec, FileSpec, parse_source
from murai.stylize.engine import Engine
from murai.stylize.pack import StyleFacts
from murai.stylize.shelf import find_pack
from murai.stylize.stylist import Stylist

_REDRAW_EVERY_S = 1 / 30
_NOTICE_S = 6.0


@dataclass(frozen=True)
class RunOptions:
    """What `murai run` was told.

    read_config: gives the config, with the command's options in it; asked again by the reload key.
    seconds, frames: the show ends by itself after so many, counted from the first painted frame.
    presses: keys by the clock, see `murai.apps.presses`.
    record, stats: files to write.
    """

    read_config: Callable[[], Config]
    seconds: float | None = None
    frames: int | None = None
    presses: tuple[tuple[float, str], ...] = ()
    record: Path | None = None
    stats: Path | None = None


def run_kiosk(options: RunOptions) -> dict[str, Any]:
    """Runs the show until it ends, and gives its summary (see README, "Figures").

    Raises:
        MuraiError: it can't start. Once it runs, faults go to the screen.
        GpuLost: only another process can go on.
    """
    figures = Figures(FrameCounts(), started_s())
    config = options.read_config()
    _check_files(options, config.source.uri)
    with _told_by_signals() as told, gpu_watched(), ExitStack() as stack:
        stack.enter_context(only_one(runtime_folder()))
        stats = stack.enter_context(StatsFile(options.stats)) if options.stats else None
        if config.twitter.enabled:
            # Two shows that don't share a session may still share an outbox, and would post for each other.
            stack.enter_context(only_one(outbox_file(config.outbox).parent))
        darkroom = stack.enter_context(Darkroom(config))
        compute = choose_compute(config.stylizer.device)
        pack = find_pack(config.stylizer.pack, compute.device)
        pack.index_of(config.stylizer.style)
        opened = open_source(config.source.uri)
        stack.callback(opened.source.close)
        engine = Engine(pack, compute)
        engine.warm_up(_upright_size_px(opened))
        canvas = stack.enter_context(open_canvas(config.display))
        # What is there by now stays. A full collection would look at all of it, and make a frame 140 ms late.
        gc.freeze()
        equipment = Equipment(config, canvas, darkroom, engine, opened, figures)
        # Watched once more within: what is to be closed may hang on a lost GPU.
        with Kiosk(options, equipment) as kiosk, gpu_watched():
            kiosk.run(told, stats)
        summary = kiosk.summary()
        if stats:
            stats.write({"summary": summary})
        return summary


def _check_files(options: RunOptions, source: str) -> None:
    """Raises: ConfigError: a file to write is the source or another one of them, or no film by its name."""
    if options.record:
        check_ending("--record", options.record, ".mp4")
    spec = parse_source(source)
    read = {"the source": spec.path} if isinstance(spec, FileSpec | CameraSpec) else {}
    check_apart({"--record": options.record, "--stats": options.stats}, read)


def _upright_size_px(opened: OpenedSource) -> tuple[int, int]:
    info = opened.source.info
    turned = info.quarter_turns % 2 == 1
    return (info.height_px, info.width_px) if turned else (info.width_px, info.height_px)


@dataclass(frozen=True)
class Equipment:
    """What the show is run with; whoever opened it closes it."""

    config: Config
    canvas: Canvas
    darkroom: Darkroom
    engine: Engine
    opened: OpenedSource
    figures: Figures


class Kiosk:
    """The main thread's loop, inside a `with` block. Is the show's `Backstage`."""

    def __init__(self, options: RunOptions, equipment: Equipment) -> None:
        # OpenGL can only be loaded once a canvas has decided how.
        from murai.display.recorder import Recorder
        from murai.display.renderer import Renderer

        now_s = time.monotonic()
        engine, opened, counts = equipment.engine, equipment.opened, equipment.figures.counts
        self._options = options
        self._canvas = canvas = equipment.canvas
        self._darkroom = equipment.darkroom
        self._engine = engine
        self._figures = equipment.figures
        self._show = Show(equipment.config, engine.pack, self, now_s)
        self._stylist = Stylist(engine, self._show.choice.mix, counts, steady=equipment.config.stylizer.steady)
        self._supervisor = Supervisor(equipment.config.source.uri, opened, self._stylist, engine.compute.device, counts)
        self._reloader = Reloader(options.read_config, engine.compute)
        self._presses = PressClock(list(options.presses))
        self._renderer = Renderer(canvas)
        self._recorder = Recorder(options.record, canvas) if options.record else None
        self._frame_px = _upright_size_px(opened)
        self._told_lost: str | None = None
        self._told_faults: set[str] = set()
        self._second_s = now_s
        self._begun_s = now_s
        self._stack = ExitStack()
        if opened.notice:
            self._show.messages.say(opened.notice, now_s, level="warning", for_s=_NOTICE_S)

    def __enter__(self) -> Kiosk:
        with ExitStack() as stack:
            stack.callback(self._renderer.close)
            if self._recorder:
                stack.enter_context(self._recorder)
            stack.callback(self._reloader.close)
            stack.enter_context(self._supervisor)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, fault, trace)

    def run(self, told: Event, stats: StatsFile | None) -> None:
        """Goes on until somebody quits, the source ends, the time is up, or `told` is set."""
        while not (told.is_set() or self._over()):
            self._turn()
            self._each_second(stats)

    def summary(self) -> dict[str, Any]:
        """The figures of the whole show."""
        return self._figures.as_dict(self._figures.shown_fps(), self._facts())

    # Backstage

    def take_picture(self, painted: Painted, view: ViewState, style: StyleFacts) -> int:
        return self._darkroom.take(self._renderer.picture(painted, view), style)

    def cancel_picture(self, ticket: int) -> None:
        self._darkroom.cancel(ticket)

    def toggle_fullscreen(self) -> None:
        try:
            self._canvas.set_fullscreen(not self._canvas.fullscreen)
        except DisplayError as fault:  # its monitor was unplugged, say
            self._show.messages.say(str(fault), time.monotonic(), level="warning", topic="key")

    def reload(self) -> None:
        if not self._reloader.busy:
            self._reloader.start(self._frame_px)
            self._show.messages.say("Loading styles and config again", time.monotonic(), topic="reload", for_s=60.0)

    # The loop

    def _over(self) -> bool:
        if self._canvas.should_close and self._show.locked:
            self._canvas.stay_open()
        if self._show.ended or self._supervisor.ended or self._canvas.should_close:
            return True
        frames, seconds = self._options.frames, self._options.seconds
        begun_s = self._figures.first_shown_s or self._begun_s
        return (frames is not None and self._figures.counts.shown >= frames) or (
            seconds is not None and time.monotonic() - begun_s >= seconds
        )

    def _turn(self) -> None:
        """One picture on the screen: a new painting, or after a while the same with what moves over it."""
        painted = self._supervisor.newest(_REDRAW_EVERY_S)
        now_s = time.monotonic()
        self._tell_show(painted, now_s)
        scene = self._show.scene(now_s)
        self._renderer.draw(scene.painted, scene.view, scene.hud)
        if self._recorder:
            self._recorder.capture(now_s)
        self._canvas.swap()
        if painted is not None and scene.painted is painted:
            self._figures.shown(painted.painting.captured_s, time.monotonic())

    def _tell_show(self, painted: Painted | None, now_s: float) -> None:
        """Everything that has happened since the last turn."""
        if painted is not None:
            self._frame_px = painted.painting.size_px
            self._show.arrived(painted)
        lost = self._supervisor.lost
        if lost is not None and lost != self._told_lost:
            self._show.source_lost(lost, now_s)
        self._told_lost = lost
        for event in self._canvas.poll():
            self._show.key(event, now_s)
        if self._figures.first_shown_s is not None:
            for key in self._presses.due(now_s - self._figures.first_shown_s):
                self._show.key(KeyEvent(key, "pressed"), now_s)
                self._show.key(KeyEvent(key, "released"), now_s)
        self._darkroom.tell(self._show, now_s)
        self._take_over_reload(now_s)

    def _take_over_reload(self, now_s: float) -> None:
        try:
            reloaded = self._reloader.result()
        except MuraiError as fault:
            self._show.messages.say(f"Not reloaded: {fault}", now_s, level="error", for_s=8.0, topic="reload")
            return
        if reloaded is not None:
            self._engine = reloaded.engine
            self._show.use(reloaded.config, reloaded.engine.pack, now_s)
            self._stylist.use(reloaded.engine, self._show.choice.mix, steady=reloaded.config.stylizer.steady)
            self._show.messages.say("Styles and config are loaded", now_s, topic="reload")

    def _each_second(self, stats: StatsFile | None) -> None:
        now_s = time.monotonic()
        if now_s - self._second_s < 1.0:
            return
        self._second_s = now_s
        facts = self._facts()
        self._show.figures = self._figures.rows(now_s, facts)
        if stats:
            stats.write(self._figures.as_dict(self._figures.recent_fps(now_s), facts))
        faults = {str(self._recorder.fault or "") if self._recorder else "", stats.fault if stats else ""} - {""}
        for fault in faults - self._told_faults:
            self._show.messages.say(fault, now_s, level="error", for_s=10.0)
        self._told_faults |= faults

    def _facts(self) -> ShowFacts:
        engine = self._engine
        return ShowFacts(
            style=self._show.style.name,
            pack=engine.pack.facts.name,
            device=engine.compute.device,
            engine=f"{engine.name} {engine.compute.number_type}",
            source=self._supervisor.source_title,
        )


@contextmanager
def _told_by_signals() -> Iterator[Event]:
    """SIGINT and SIGTERM end the show as a key would: files are finished, pictures kept.

    Held until all is closed, so that an impatient second signal loses nothing either.
    """
    told = Event()
    before = {number: signal.signal(number, lambda *_: told.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
