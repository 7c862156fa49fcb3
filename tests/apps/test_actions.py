from __future__ import annotations

from typing import get_args

import pytest

from murai.apps.actions import Action, Command, actions_by_key, help_rows
from murai.config import KeysConfig
from murai.errors import ConfigError


def test_every_entry_is_a_command_and_every_command_an_entry() -> None:
    assert set(get_args(Command)) - {"style"} == set(KeysConfig.model_fields) - {"styles"}


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
    rows = help_rows(KeysConfig(blend=()), 10, lock=False)
    assert len(rows) == len(KeysConfig.model_fields) - 1
    assert ("1 to 0", "style 1, 2, …") in rows
    assert all("blend" not in told for _, told in rows)


def test_help_knows_the_number_of_styles_and_the_lock() -> None:
    rows = dict(help_rows(KeysConfig(), 4, lock=True))
    assert "1 to 4" in rows
    assert rows["Ctrl+Q"] == "quit: hold for three seconds"
    assert "leave" not in rows["Esc"]
