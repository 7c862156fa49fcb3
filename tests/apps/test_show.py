"""What every key of the plan does, and what visitors see meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from murai.apps.show import Scene, Show
from murai.config import Config, DisplayConfig, KioskConfig, SnapshotConfig, StylizerConfig
from murai.core.frame import Painted
from murai.display.canvas import KeyEvent
from murai.display.view import ViewState
from murai.errors import ConfigError, SnapshotError, StyleMissing
from murai.stylize.pack import Pack, StyleFacts, read_pack
from tests.fakes.packs import write_tiny_pack
from tests.fakes.paintings import painted

SNAPSHOT = SnapshotConfig(countdown_s=3.0, review_s=2.0, cancel_s=8.0)


class Hands:
    """A backstage that writes down what it was asked for."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.taken: list[tuple[Painted, ViewState, StyleFacts]] = []
        self.disk_full = False

    def take_picture(self, picture: Painted, view: ViewState, style: StyleFacts) -> int:
        if self.disk_full:
            raise SnapshotError("the disk is full", "make room")
        self.taken.append((picture, view, style))
        return len(self.taken)

    def cancel_picture(self, ticket: int) -> None:
        self.done.append(f"cancel {ticket}")

    def toggle_fullscreen(self) -> None:
        self.done.append("fullscreen")

    def reload(self) -> None:
        self.done.append("reload")


class Stage:
    """A show with a clock that the test turns."""

    def __init__(self, pack: Pack, config: Config) -> None:
        self.hands = Hands()
        self.now_s = 100.0
        self.show = Show(config, pack, self.hands, self.now_s)
        self.show.arrived(painted())

    def press(self, *keys: str) -> Scene:
        for key in keys:
            self.show.key(KeyEvent(key, "pressed"), self.now_s)
            self.show.key(KeyEvent(key, "released"), self.now_s)
        return self.show.scene(self.now_s)

    def after(self, seconds: float) -> Scene:
        self.now_s += seconds
        return self.show.scene(self.now_s)

    def texts(self) -> list[str]:
        return [toast.text for toast in self.show.scene(self.now_s).hud.toasts]


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return read_pack(write_tiny_pack(tmp_path / "tiny"))


@pytest.fixture
def stage(pack: Pack) -> Stage:
    return Stage(pack, Config(snapshot=SNAPSHOT))


def locked(pack: Pack) -> Stage:
    return Stage(pack, Config(snapshot=SNAPSHOT, kiosk=KioskConfig(lock=True)))


def test_digits_choose_styles_and_their_title_shows(stage: Stage) -> None:
    scene = stage.press("3")
    assert stage.show.style.name == "style-3"
    assert scene.hud.title is not None
    assert scene.hud.title.title == stage.show.style.title
    assert stage.after(1.0).view.strength == 1.0
    assert stage.show.choice.mix.shares_at(stage.now_s) == pytest.approx([0.0, 0.0, 1.0])
    assert stage.after(3.0).hud.title is None


def test_a_digit_without_a_style_says_so(stage: Stage) -> None:
    stage.press("9")
    assert stage.show.style.name == "style-1"
    assert stage.texts() == ["There is no style 9"]


@pytest.mark.parametrize(
    ("keys", "style"),
    [("Right", 2), ("PageDown", 2), ("Left", 3), ("PageUp", 3)],
)
def test_next_and_previous(stage: Stage, keys: str, style: int) -> None:
    stage.press(keys)
    assert stage.show.style.name == f"style-{style}"


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_a_picture_is_what_is_on_the_screen_when_the_countdown_ends(stage: Stage, key: str) -> None:
    assert stage.press(key).hud.countdown == "3"
    assert stage.after(1.5).hud.countdown == "2"
    last = painted(seq=7)
    stage.show.arrived(last)
    scene = stage.after(1.5)
    assert scene.hud.countdown is None
    assert scene.view.flash == 1.0
    assert stage.hands.taken[0][0] is last
    stage.show.arrived(painted(seq=8))
    assert stage.after(1.9).painted is last
    live = stage.after(0.2)
    assert live.painted is not last
    assert live.view.previous is last
    assert len(stage.hands.taken) == 1


def test_a_picture_keeps_strength_and_colours_as_seen(stage: Stage) -> None:
    stage.press("Down", "Down", "C", "Space")
    stage.after(3.0)
    _, view, style = stage.hands.taken[0]
    assert (view.strength, view.own_colours) == (0.8, 1.0)
    assert style.name == "style-1"


@pytest.mark.parametrize("keys", [["O"], ["Down"] * 10])
def test_a_picture_is_always_a_painting(stage: Stage, keys: list[str]) -> None:
    assert stage.press(*keys).view.strength == 0.0
    assert stage.press("Space").view.strength == 1.0
    stage.after(3.0)
    assert stage.hands.taken[0][1].strength == 1.0


@pytest.mark.parametrize("keys", [["O"], ["Down"] * 10])
def test_choosing_a_style_shows_it(stage: Stage, keys: list[str]) -> None:
    assert stage.press(*keys).view.strength == 0.0
    assert stage.press("2").view.strength == 1.0


def test_backspace_during_the_countdown_takes_no_picture(stage: Stage) -> None:
    stage.press("Space")
    stage.after(1.0)
    assert stage.press("Backspace").hud.countdown is None
    stage.after(5.0)
    assert stage.hands.taken == []


def test_backspace_within_the_window_keeps_it_from_being_posted(stage: Stage) -> None:
    stage.press("Space")
    stage.after(3.0)
    stage.show.picture_kept(1, queued=True, posting=True, now_s=stage.now_s)
    assert "Backspace: don't post it" in stage.texts()[0]
    stage.after(7.0)
    stage.press("Backspace")
    assert stage.hands.done == ["cancel 1"]
    stage.show.picture_cancelled(in_time=True, now_s=stage.now_s)
    assert stage.texts() == ["Will not be posted"]


def test_backspace_after_the_window_does_nothing(stage: Stage) -> None:
    stage.press("Space")
    stage.after(3.0)
    stage.show.picture_kept(1, queued=True, posting=True, now_s=stage.now_s)
    stage.after(8.1)
    stage.press("Backspace")
    assert stage.hands.done == []


def test_without_posting_it_says_saved(stage: Stage) -> None:
    stage.show.picture_kept(1, queued=True, posting=False, now_s=stage.now_s)
    assert stage.texts() == ["Saved"]


def test_a_full_disk_is_told_and_the_show_goes_on(stage: Stage) -> None:
    stage.hands.disk_full = True
    stage.press("Space")
    stage.after(3.0)
    assert stage.texts() == ["Not saved: the disk is full: make room"]
    stage.after(4.0)
    stage.press("2")
    assert stage.show.style.name == "style-2"


def test_up_and_down(stage: Stage) -> None:
    assert stage.press("Down").view.strength == pytest.approx(0.9)
    assert stage.press(*["Down"] * 20).view.strength == 0.0
    assert stage.press("Up").view.strength == pytest.approx(0.1)
    assert stage.press(*["Up"] * 20).view.strength == 1.0


def test_holding_down_goes_on_and_holding_a_digit_does_not(stage: Stage) -> None:
    for _ in range(3):
        stage.show.key(KeyEvent("Down", "repeated"), stage.now_s)
        stage.show.key(KeyEvent("Right", "repeated"), stage.now_s)
    assert stage.show.scene(stage.now_s).view.strength == pytest.approx(0.7)
    assert stage.show.style.name == "style-1"


def test_own_colours_split_mirror_original(stage: Stage) -> None:
    assert stage.press("C").view.own_colours == 1.0
    assert stage.press("C").view.own_colours == 0.0
    assert stage.press("V").view.split == 0.5
    assert stage.press("V").view.split is None
    assert stage.press("M").view.mirror is False
    assert stage.press("M").view.mirror is True
    assert stage.press("O").view.strength == 0.0
    assert stage.press("O").view.strength == 1.0


def test_blend_names_both_styles(stage: Stage) -> None:
    title = stage.press("B").hud.title
    assert title is not None
    assert " + " in title.title
    stage.after(1.0)
    assert stage.show.choice.mix.shares_at(stage.now_s) == pytest.approx([0.5, 0.5, 0.0])
    stage.press("B")
    assert stage.show.choice.mix.shares_at(stage.now_s + 1.0) == pytest.approx([1.0, 0.0, 0.0])


def test_styles_change_by_themselves(stage: Stage) -> None:
    stage.press("A")
    assert stage.after(20.1).hud.title is not None
    assert stage.show.style.name == "style-2"
    stage.press("A")
    stage.after(30.0)
    assert stage.show.style.name == "style-2"


@pytest.mark.parametrize("key", ["H", "F1"])
def test_help_shows_keys_and_figures(stage: Stage, key: str) -> None:
    stage.show.figures = (("pictures a second", "30.0"),)
    panel = stage.press(key).hud.help
    assert panel is not None
    assert ("M", "mirror") in panel.keys
    assert panel.figures == stage.show.figures
    assert stage.after(60.0).hud.help is not None
    assert stage.press(key).hud.help is None


def test_help_at_the_start_closes_by_itself(pack: Pack) -> None:
    stage = Stage(pack, Config(kiosk=KioskConfig(help_at_start=True)))
    assert stage.after(9.0).hud.help is not None
    assert stage.after(2.0).hud.help is None


def test_a_picture_closes_the_help(stage: Stage) -> None:
    stage.press("H")
    assert stage.press("Space").hud.help is None


def test_full_screen_and_reload_are_asked_for(stage: Stage) -> None:
    stage.press("F", "F11", "Ctrl+R")
    assert stage.hands.done == ["fullscreen", "fullscreen", "reload"]


def test_esc_closes_what_is_open_then_leaves(stage: Stage) -> None:
    stage.press("H", "Space")
    stage.press("Esc")
    assert not stage.show.ended
    stage.press("H", "Esc")
    assert not stage.show.ended
    stage.press("Esc")
    assert stage.show.ended


def test_under_lock_esc_stays(pack: Pack) -> None:
    stage = locked(pack)
    stage.press("H")
    assert stage.press("Esc").hud.help is None
    stage.press("Esc", "Esc")
    assert not stage.show.ended


def test_ctrl_q_quits(stage: Stage) -> None:
    stage.press("Ctrl+Q")
    assert stage.show.ended


def test_under_lock_ctrl_q_has_to_be_held(pack: Pack) -> None:
    stage = locked(pack)
    stage.show.key(KeyEvent("Ctrl+Q", "pressed"), stage.now_s)
    stage.after(2.5)
    assert stage.texts() == ["Hold Ctrl+Q for three seconds to quit"]
    stage.show.key(KeyEvent("Ctrl+Q", "released"), stage.now_s)
    stage.after(5.0)
    assert stage.texts() == []
    assert not stage.show.ended
    stage.show.key(KeyEvent("Ctrl+Q", "pressed"), stage.now_s)
    stage.after(3.0)
    assert stage.show.ended


def test_a_lost_camera_dims_the_last_picture_and_says_why(stage: Stage) -> None:
    stage.press("Space")
    stage.show.source_lost("the camera is gone: plug it in again", stage.now_s)
    scene = stage.after(10.0)
    assert scene.view.dim > 0.3
    assert scene.painted is not None
    assert [toast.level for toast in scene.hud.toasts] == ["error"]
    assert stage.hands.taken == []
    stage.press("Space")
    assert stage.show.scene(stage.now_s).hud.countdown is None
    stage.show.arrived(painted(seq=9))
    back = stage.after(5.0)
    assert back.view.dim == 0.0
    assert back.hud.toasts == ()


def test_nothing_painted_yet_takes_no_picture(pack: Pack) -> None:
    show = Show(Config(), pack, Hands(), 0.0)
    show.key(KeyEvent("Space", "pressed"), 0.0)
    assert show.scene(10.0).painted is None


def test_another_pack_keeps_the_style_of_that_name(stage: Stage, tmp_path: Path) -> None:
    stage.press("A", "2")
    stage.show.use(Config(), read_pack(write_tiny_pack(tmp_path / "other", styles=2)), stage.now_s)
    assert stage.show.style.name == "style-2"
    assert stage.show.choice.auto
    stage.show.use(Config(), read_pack(write_tiny_pack(tmp_path / "small", styles=1)), stage.now_s)
    assert stage.show.style.name == "style-1"


def test_the_config_sets_how_it_starts(pack: Pack) -> None:
    config = Config(
        stylizer=StylizerConfig(style="style-2", strength=0.7, own_colours=True),
        display=DisplayConfig(mirror=False, fit="fit", quarter_turns=1),
        kiosk=KioskConfig(change_at_start=True, change_every_s=5.0),
    )
    stage = Stage(pack, config)
    view = stage.show.scene(stage.now_s).view
    assert (view.strength, view.own_colours, view.mirror, view.fit, view.quarter_turns) == (0.7, 1.0, False, "fit", 1)
    assert stage.show.style.name == "style-2"
    stage.after(5.1)
    assert stage.show.style.name == "style-3"


def test_an_unknown_style_and_a_doubly_bound_key_are_refused(pack: Pack) -> None:
    with pytest.raises(StyleMissing):
        Show(Config(stylizer=StylizerConfig(style="mona_lisa")), pack, Hands(), 0.0)
    with pytest.raises(ConfigError):
        Show(Config.model_validate({"keys": {"mirror": ["C"]}}), pack, Hands(), 0.0)


def test_reloading_in_a_countdown_still_takes_the_picture(stage: Stage, pack: Pack) -> None:
    stage.press("Space")
    stage.after(1.0)
    stage.show.use(Config(snapshot=SnapshotConfig(countdown_s=20.0)), pack, stage.now_s)
    stage.after(2.0)
    assert len(stage.hands.taken) == 1


def test_what_was_not_saved_cannot_be_cancelled(stage: Stage) -> None:
    stage.press("Space")
    stage.after(3.0)
    stage.show.picture_failed(1, SnapshotError("the disk is full", "make room"), False, stage.now_s)
    stage.press("Backspace")
    assert stage.hands.done == []


def test_the_window_to_cancel_ends_without_posting_too(stage: Stage) -> None:
    stage.press("Space")
    stage.after(3.0)
    stage.show.picture_kept(1, queued=True, posting=False, now_s=stage.now_s)
    stage.after(9.0)
    stage.press("Backspace")
    assert stage.hands.done == []


def test_backspace_goes_on_to_the_picture_before(stage: Stage) -> None:
    for ticket in (1, 2):
        stage.press("Space")
        stage.after(3.0)
        stage.show.picture_kept(ticket, queued=True, posting=True, now_s=stage.now_s)
        stage.after(2.1)
    stage.press("Backspace", "Backspace", "Backspace")
    assert stage.hands.done == ["cancel 2", "cancel 1"]
    assert "There is no picture to take back" in stage.texts()


def test_saved_but_not_queued_is_said_so(stage: Stage) -> None:
    stage.show.picture_failed(1, SnapshotError("the outbox is full", "make room"), True, stage.now_s)
    assert stage.texts() == ["Saved, but can't be posted: the outbox is full: make room"]


def test_what_a_visitor_changed_goes_back_when_nobody_comes(pack: Pack) -> None:
    stage = Stage(pack, Config(kiosk=KioskConfig(reset_after_s=60.0, change_at_start=True)))
    usual = stage.after(1.0).view
    changed = stage.press("O", "V", "M", "C", "Down", "B", "A", "H")
    assert changed.view != usual
    assert stage.after(59.0).view == changed.view
    back = stage.after(1.5)
    assert back.view == usual
    assert back.hud.help is None
    assert not stage.show.choice.blended
    assert stage.show.choice.auto


def test_with_0_it_never_goes_back(pack: Pack) -> None:
    stage = Stage(pack, Config(kiosk=KioskConfig(reset_after_s=0.0)))
    stage.press("M")
    assert stage.after(1e6).view.mirror is False
