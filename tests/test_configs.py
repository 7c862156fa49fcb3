"""The config files that ship: kiosk.toml is the operator's whole reference, demo.toml leaves nothing outside out/."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from murai.config import Config, load_config

FOLDER = Path(__file__).resolve().parent.parent / "configs"


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.toml")), ids=lambda file: file.name)
def test_every_config_loads(file: Path) -> None:
    load_config(file)


def test_kiosk_gives_every_entry_with_its_default() -> None:
    tables = tomllib.loads((FOLDER / "kiosk.toml").read_text(encoding="utf-8"))
    assert {section: set(entries) for section, entries in tables.items()} == {
        name: set(section_model(name).model_fields) for name in Config.model_fields
    }
    assert load_config(FOLDER / "kiosk.toml") == Config()


def test_every_entry_of_kiosk_is_explained() -> None:
    explained = False
    for line in (FOLDER / "kiosk.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", "[")) or not line:
            explained = line.startswith("#")
        else:
            assert explained, f"no comment above: {line}"


def test_demo_says_only_what_differs_posts_nothing_and_keeps_to_its_folder() -> None:
    demo, default = load_config(FOLDER / "demo.toml"), Config()
    for section, entries in tomllib.loads((FOLDER / "demo.toml").read_text(encoding="utf-8")).items():
        for entry in entries:
            assert getattr(getattr(demo, section), entry) != getattr(getattr(default, section), entry), entry
    assert demo.source.uri.startswith("synthetic:")
    assert not demo.twitter.enabled
    assert {demo.snapshot.folder.parts[0], demo.outbox.file.parts[0]} == {"out"}


def section_model(name: str) -> type[BaseModel]:
    model = Config.model_fields[name].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return model
