from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from murai.apps.darkroom import Darkroom
from murai.apps.show import Show
from murai.config import Config
from murai.publish.outbox import Outbox, outbox_file
from murai.publish.publisher import PublisherLoop
from murai.stylize.pack import StyleFacts, read_pack
from tests.fakes.packs import write_tiny_pack

STYLE = StyleFacts(name="wave", title="The Wave", artist="Hokusai")
PIXELS = np.full((18, 32, 3), 90, dtype=np.uint8)
KEYS = ("API_KEY", "API_SECRET", "ACCESS_TOKEN", "ACCESS_SECRET")


class Deaf:
    """A backstage that nobody asks for anything here."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


@pytest.fixture
def show(tmp_path: Path) -> Show:
    return Show(Config(), read_pack(write_tiny_pack(tmp_path / "tiny")), Deaf(), 0.0)  # type: ignore[arg-type]


def config_in(folder: Path, **twitter: object) -> Config:
    tables = {
        "snapshot": {"folder": str(folder / "pictures")},
        "outbox": {"file": str(folder / "outbox.sqlite")},
        "twitter": twitter,
    }
    return Config.model_validate(tables)


def told_by(darkroom: Darkroom, show: Show) -> list[str]:
    """What the show says once the picture is through."""
    end_s = time.monotonic() + 20.0
    while time.monotonic() < end_s:
        darkroom.tell(show, 1.0)
        if toasts := show.messages.toasts(1.0):
            return [toast.text for toast in toasts]
        time.sleep(0.01)
    return []


def test_without_keys_pictures_wait_in_the_outbox(tmp_path: Path, show: Show) -> None:
    config = config_in(tmp_path)
    with Darkroom(config) as darkroom:
        assert not darkroom.posting
        darkroom.take(PIXELS, STYLE)
        assert told_by(darkroom, show) == ["Saved"]
    with Outbox(outbox_file(config.outbox)) as outbox:
        assert [post.state for post in outbox.posts()] == ["ready"]


def test_where_nothing_is_to_be_posted_nothing_is_queued(tmp_path: Path, show: Show) -> None:
    config = config_in(tmp_path, enabled=False)
    with Darkroom(config) as darkroom:
        darkroom.take(PIXELS, STYLE)
        assert told_by(darkroom, show) == ["Saved"]
    assert len(list((tmp_path / "pictures").rglob("*.jpg"))) == 1
    assert not outbox_file(config.outbox).exists()


def test_pictures_that_still_wait_are_kept_when_the_show_ends(tmp_path: Path) -> None:
    with Darkroom(config_in(tmp_path)) as darkroom:
        for _ in range(3):
            darkroom.take(PIXELS, STYLE)
    assert len(list((tmp_path / "pictures").rglob("*.jpg"))) == 3


def test_a_publisher_that_fails_is_told_and_started_again(
    tmp_path: Path, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in KEYS:
        monkeypatch.setenv(f"MURAI_TWITTER_{name}", "x")
    monkeypatch.setattr("murai.apps.darkroom._POST_AGAIN_S", 0.3)
    runs: list[float] = []

    def fail(loop: PublisherLoop, stop: object) -> None:
        runs.append(time.monotonic())
        raise ZeroDivisionError("nobody thought of this")

    monkeypatch.setattr(PublisherLoop, "run", fail)
    said = set()
    with Darkroom(config_in(tmp_path, api_url="http://127.0.0.1:9")) as darkroom:
        assert darkroom.posting
        end_s = time.monotonic() + 20.0
        while len(runs) < 2 and time.monotonic() < end_s:
            darkroom.tell(show, 1.0)
            said.add(show.status)
            time.sleep(0.01)
    assert len(runs) >= 2
    assert any("Posting stopped" in text and "nobody thought of this" in text for text in said)
