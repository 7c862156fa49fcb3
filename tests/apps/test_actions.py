from __future__ import annotations

import pytest

from murai.apps.actions import Action, actions_by_key, help_rows
from murai.config import KeysConfig
from murai.errors import ConfigError


def test_the_plan_s_keys() -> None:
    actions = actions_by_key(KeysConfig())
    assert actions["1"] == Action("style", 0)
    assert actions["0"] == Action("style", 9)
    assert {key for key, action in actions.items() if action.command == "picture"} == {"Space", "Enter"}
    assert actions["PageDown"].command == actions["Right"].command == "next_style"
    assert actions["Ctrl+Q"].command == "quit"
    assert "Q" not in actions


def test_one_key_for_two_things_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"keys\.mirror: C already does 'own_colours'"):
        actions_by_key(KeysConfig(mirror=("C",)))


def test_help_names_every_bound_entry_and_no_other() -> None:
    rows = help_rows(KeysConfig(blend=()))
    assert len(rows) == len(KeysConfig.model_fields) - 1
    assert ("1 to 0", "a style of its own") in rows
    assert all("blend" not in told for _, told in rows)
