"""From a TOML file to a checked model, and what is said of a wrong entry."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from murai.config.models import Config
from murai.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)


def load_config(file: Path) -> Config:
    """Reads a kiosk's config.

    Raises:
        ConfigError: the file can't be read, is no TOML, or has an entry that can't be used.
    """
    return parse_model(Config, read_toml(file), str(file))


def read_toml(file: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        ConfigError: it can't be read or is no TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ConfigError(f"can't read {file}: {fault.strerror}", "check the path and its permissions") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{file} is no valid TOML: {fault}", "mend that line") from fault


def parse_model(model: type[Model], tables: dict[str, Any], origin: str) -> Model:
    """Tables as a checked model.

    Raises:
        ConfigError: names the first wrong entry, its value, and what would be right.
    """
    try:
        return model.model_validate(tables)
    except ValidationError as fault:
        raise _explain(model, fault, origin) from fault


def _explain(model: type[BaseModel], fault: ValidationError, origin: str) -> ConfigError:
    first = fault.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    entry = ".".join(path)
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(_fields_at(model, path[:-1])))
        return ConfigError(f"{origin}: there is no entry '{entry}'", f"known here: {known}")
    if first["type"] == "missing":
        return ConfigError(f"{origin}: '{entry}' is missing", "add it")
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return ConfigError(f"{origin}: {entry} = {first['input']!r} can't be used", reason)


def _fields_at(model: type[BaseModel], path: list[str]) -> list[str]:
    for name in path:
        field = model.model_fields.get(name)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)
