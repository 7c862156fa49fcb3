"""Where Murai's own files and those that it makes lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from murai.core import paths


def test_checkout_serves_its_own_folders() -> None:
    root = Path(__file__).resolve().parents[2]
    assert paths.shipped("configs") == root / "configs"
    assert (paths.shipped("configs") / "kiosk.toml").is_file()


def test_state_and_lock_follow_the_desktop_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    assert paths.state_folder() == tmp_path / "state" / "murai"
    assert paths.runtime_folder() == tmp_path / "run" / "murai"


def test_without_a_session_the_lock_has_a_place_and_nobody_is_warned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 12345678)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert paths.runtime_folder() == tmp_path / "murai-12345678"


def test_a_config_that_came_with_murai_is_found_by_its_name_and_a_file_of_ones_own_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths.find_config(Path("kiosk.toml")) == paths.shipped("configs") / "kiosk.toml"
    assert paths.find_config(Path("nowhere.toml")) == Path("nowhere.toml")
    assert paths.find_config(Path("elsewhere/kiosk.toml")) == Path("elsewhere/kiosk.toml")
    Path("kiosk.toml").touch()
    assert paths.find_config(Path("kiosk.toml")) == Path("kiosk.toml")
