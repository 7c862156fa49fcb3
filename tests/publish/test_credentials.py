from pathlib import Path

import pytest

from murai.config import TwitterConfig
from murai.errors import CredentialsError
from murai.publish.credentials import NAMES, TwitterKeys, read_keys

KEYS = TwitterKeys("key-1", "secret-2", "token-3", "secret-4")
VALUES = dict(zip(NAMES, ("key-1", "secret-2", "token-3", "secret-4"), strict=True))


def environment(**left_out: str) -> dict[str, str]:
    return {f"MURAI_TWITTER_{name.upper()}": left_out.get(name, key) for name, key in VALUES.items()}


def keys_file(path: Path, text: str, mode: int = 0o600) -> TwitterConfig:
    path.write_text(text)
    path.chmod(mode)
    return TwitterConfig(keys_file=path)


def toml(values: dict[str, str]) -> str:
    return "".join(f'{name} = "{key}"\n' for name, key in values.items())


def credentials_folder(folder: Path, values: dict[str, str]) -> dict[str, str]:
    for name, key in values.items():
        (folder / f"murai_twitter_{name}").write_text(f"{key}\n")
    return {"CREDENTIALS_DIRECTORY": str(folder)}


def test_no_keys_anywhere_is_no_error() -> None:
    assert read_keys(TwitterConfig(), {}) is None


def test_keys_from_systemd_come_first(tmp_path: Path) -> None:
    others = {name: f"other-{name}" for name in NAMES}
    found = read_keys(TwitterConfig(), environment() | credentials_folder(tmp_path, others))
    assert found == TwitterKeys(**others)


def test_systemd_without_ours_leaves_the_environment(tmp_path: Path) -> None:
    assert read_keys(TwitterConfig(), environment() | {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == KEYS


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    config = keys_file(tmp_path / "keys.toml", toml({name: "other" for name in NAMES}))
    assert read_keys(config, environment()) == KEYS


def test_keys_from_a_private_file(tmp_path: Path) -> None:
    assert read_keys(keys_file(tmp_path / "keys.toml", toml(VALUES)), {}) == KEYS


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_file_that_others_may_open_is_refused(tmp_path: Path, mode: int) -> None:
    config = keys_file(tmp_path / "keys.toml", toml(VALUES), mode)
    with pytest.raises(CredentialsError, match=f"chmod 600 {config.keys_file}"):
        read_keys(config, {})


def test_what_is_missing_is_named_where_it_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="MURAI_TWITTER_ACCESS_TOKEN"):
        read_keys(TwitterConfig(), environment(access_token=" "))
    partly = {name: key for name, key in VALUES.items() if name != "api_secret"}
    with pytest.raises(CredentialsError, match="add api_secret,"):
        read_keys(keys_file(tmp_path / "keys.toml", toml(partly)), {})
    with pytest.raises(CredentialsError, match="murai_twitter_api_secret"):
        read_keys(TwitterConfig(), credentials_folder(tmp_path, partly))


@pytest.mark.parametrize("text", ['api_key = "key-1', 'api_key = "key-1"\napi_key = "key-1"', "api_key = 1", "[key-1]"])
def test_a_wrong_file_is_told_without_its_content(tmp_path: Path, text: str) -> None:
    with pytest.raises(CredentialsError) as told:
        read_keys(keys_file(tmp_path / "keys.toml", text), {})
    assert told.value.__cause__ is None
    assert str(tmp_path / "keys.toml") in str(told.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"keys.*No such file.*twitter\.keys_file"):
        read_keys(TwitterConfig(keys_file=tmp_path / "keys.toml"), {})


def test_keys_stay_out_of_reprs() -> None:
    assert not any(key in repr(KEYS) for key in VALUES.values())
