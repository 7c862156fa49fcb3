"""Files to write have places of their own, and names that say what is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from murai.apps.outputs import check_apart, check_ending
from murai.errors import ConfigError


def test_files_apart_are_taken(tmp_path: Path) -> None:
    check_apart({"--json": tmp_path / "a", "--plot": tmp_path / "b", "--sheet": None}, {"the film": tmp_path / "c"})
    check_apart({"--json": Path("/dev/null"), "--stats": Path("/dev/null")}, {})


@pytest.mark.parametrize("plot", ["a", "link", "x/../a"])
def test_one_file_twice_is_refused(plot: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(ConfigError, match="--json and --plot are both"):
        check_apart({"--json": tmp_path / "a", "--plot": tmp_path / plot}, {})
    with pytest.raises(ConfigError, match=r"--plot .* would replace the film"):
        check_apart({"--plot": tmp_path / plot}, {"the film": tmp_path / "a"})


def test_a_dash_is_no_file() -> None:
    with pytest.raises(ConfigError, match="--stats - is no file"):
        check_apart({"--stats": Path("-")}, {})


def test_endings_say_what_is_in_a_file() -> None:
    check_ending("--plot", Path("x.PNG"), ".png")
    with pytest.raises(ConfigError, match=r"--plot x.jpg: it is written as .png: name the file so"):
        check_ending("--plot", Path("x.jpg"), ".png")
