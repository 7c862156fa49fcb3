"""Twitter's four keys, from where they may lie. They never appear in a message, a repr or a log."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from murai.config import TwitterConfig
from murai.errors import CredentialsError

NAMES = ("api_key", "api_secret", "access_token", "access_secret")
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class TwitterKeys:
    """OAuth 1.0a: the application's key and secret, the account's token and secret."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_secret: str = field(repr=False)


def read_keys(config: TwitterConfig, environment: Mapping[str, str]) -> TwitterKeys | None:
    """The keys from the first place that has any, or None where no place has.

    1. Files murai_twitter_api_key, murai_twitter_api_secret, murai_twitter_access_token and
       murai_twitter_access_secret in $CREDENTIALS_DIRECTORY (systemd's LoadCredential=).
    2. MURAI_TWITTER_API_KEY, _API_SECRET, _ACCESS_TOKEN and _ACCESS_SECRET in the environment.
    3. The TOML file twitter.keys_file, mode 0600, with api_key, api_secret, access_token, access_secret.

    Raises:
        CredentialsError: that place lacks some of them, or can't be read, or others can read it.
    """
    folder = environment.get("CREDENTIALS_DIRECTORY", "")
    if folder and (found := _from_folder(Path(folder))):
        return _whole(found, folder, "murai_twitter_{}".format)
    if found := _from_environment(environment):
        return _whole(found, "the environment", lambda name: f"MURAI_TWITTER_{name.upper()}")
    if config.keys_file is not None:
        return _whole(_from_file(config.keys_file), str(config.keys_file), str)
    return None


def _whole(found: Mapping[str, str], place: str, named: Callable[[str], str]) -> TwitterKeys:
    missing = [named(name) for name in NAMES if not found.get(name)]
    if missing:
        raise CredentialsError(
            f"Twitter's keys in {place} are not whole", f"add {', '.join(missing)}, or take the others away"
        )
    return TwitterKeys(**{name: found[name] for name in NAMES})


def _from_folder(folder: Path) -> dict[str, str]:
    found = {}
    for name in NAMES:
        file = folder / f"murai_twitter_{name}"
        try:
            found[name] = file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            continue
        except OSError as fault:
            raise CredentialsError(
                f"can't read {file}: {fault.strerror}", "check LoadCredential= in the service's unit"
            ) from fault
        except UnicodeDecodeError:
            # Not chained: the decoder's message quotes the key.
            raise CredentialsError(f"{file} is no text", "put the key alone into it") from None
    return {name: key for name, key in found.items() if key}


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    found = {name: environment.get(f"MURAI_TWITTER_{name.upper()}", "").strip() for name in NAMES}
    return {name: key for name, key in found.items() if key}


def _from_file(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            # Of the open file: the name may point to another one by now.
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _READABLE_BY_OTHERS:
                raise CredentialsError(f"others may read {path} (mode {mode:04o})", f"chmod 600 {path}")
            tables = tomllib.load(file)
    except OSError as fault:
        raise CredentialsError(f"can't read {path}: {fault.strerror}", "check twitter.keys_file") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # Not chained: the parser's message may quote a key.
        raise CredentialsError(f"{path} is no valid TOML", 'write one line a key: api_key = "…"') from None
    for name, key in tables.items():
        if name not in NAMES or not isinstance(key, str):
            raise CredentialsError(f"{path}: entry '{name}' can't be used", f"strings only: {', '.join(NAMES)}")
    return {name: key.strip() for name, key in tables.items()}
