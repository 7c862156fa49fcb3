"""One name for each key, however it is written."""

from __future__ import annotations

import pytest

from murai.config import key_name
from murai.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("space", "Space"), (" ENTER ", "Enter"), ("return", "Enter"), ("escape", "Esc"), ("pgdn", "PageDown"),
        ("q", "Q"), ("7", "7"), ("f11", "F11"), ("ctrl+q", "Ctrl+Q"), ("Ctrl+PGUP", "Ctrl+PageUp"),
        ("comma", ","), ("[", "["),
    ],
)  # fmt: skip
def test_names_are_read_generously_and_given_canonically(written: str, name: str) -> None:
    assert key_name(written) == name
    assert key_name(name) == name


@pytest.mark.parametrize("written", ["", "F13", "Alt+Q", "Ctrl+", "Shift+A", "ä", "Ctrl+Ctrl+Q"])
def test_other_keys_are_refused_by_name(written: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        key_name(written)
    assert f"there is no key named '{written}'" in str(refusal.value)
