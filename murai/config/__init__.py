"""What can be set: models of the TOML files in configs/, the names of keys, and the reading of both."""

from murai.config.keys import key_name
from murai.config.models import (
    Config,
    DisplayConfig,
    KeysConfig,
    KioskConfig,
    OutboxConfig,
    SnapshotConfig,
    SourceConfig,
    StylizerConfig,
    TwitterConfig,
    parse_size,
)
from murai.config.reading import load_config, parse_model, read_toml

__all__ = [
    "Config",
    "DisplayConfig",
    "KeysConfig",
    "KioskConfig",
    "OutboxConfig",
    "SnapshotConfig",
    "SourceConfig",
    "StylizerConfig",
    "TwitterConfig",
    "key_name",
    "load_config",
    "parse_model",
    "parse_size",
    "read_toml",
]
