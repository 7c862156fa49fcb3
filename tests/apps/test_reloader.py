from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest

from murai.apps.reloader import Reloaded, Reloader
from murai.config import load_config
from murai.errors import ConfigError, MuraiError, PackError
from murai.hardware import choose_compute
from tests.fakes.packs import write_tiny_pack

SIZE_PX = (64, 48)


def outcome(reloader: Reloader) -> Reloaded:
    end_s = time.monotonic() + 30.0
    while (done := reloader.result()) is None:
        assert time.monotonic() < end_s
        time.sleep(0.01)
    return done


def reloader_of(file: Path) -> Reloader:
    return Reloader(partial(load_config, file), choose_compute("cpu"))


def config_with(pack: Path, more: str = "") -> str:
    return f'[stylizer]\npack = "{pack}"\n{more}'


def test_config_and_pack_are_loaded_again(tmp_path: Path) -> None:
    file = tmp_path / "kiosk.toml"
    reloader = reloader_of(file)
    for styles in (2, 3):
        file.write_text(config_with(write_tiny_pack(tmp_path / f"pack{styles}", styles)))
        reloader.start(SIZE_PX)
        assert reloader.busy
        assert len(outcome(reloader).engine.pack.styles) == styles
        assert not reloader.busy


@pytest.mark.parametrize(
    ("text", "error"),
    [("[stylizer", ConfigError), ('[keys]\nmirror = ["C"]', ConfigError), ('[stylizer]\npack = "nowhere"', PackError)],
)
def test_what_cannot_be_used_is_told_and_the_next_try_may_work(
    tmp_path: Path, text: str, error: type[MuraiError]
) -> None:
    file = tmp_path / "kiosk.toml"
    file.write_text(text)
    reloader = reloader_of(file)
    reloader.start(SIZE_PX)
    with pytest.raises(error):
        outcome(reloader)
    file.write_text(config_with(write_tiny_pack(tmp_path / "pack")))
    reloader.start(SIZE_PX)
    assert outcome(reloader).config.stylizer.pack == str(tmp_path / "pack")
