"""Files are written whole or not at all, and what stops that is told with its remedy."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from murai.core.files import is_full, part_of, same_file, try_writing, unwritable, write_whole


def test_a_file_is_replaced_in_one_step_with_the_folders_it_needs(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.txt"
    for text in ("first", "second"):
        write_whole(file, lambda part, text=text: part.write_text(text))
        assert file.read_text() == text
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "no room"), ValueError("too wide"), KeyboardInterrupt()])
def test_what_was_there_stays_whatever_goes_wrong(fault: BaseException, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("from before")

    def fail(part: Path) -> None:
        part.write_text("half of")
        raise fault

    with pytest.raises(type(fault)):
        write_whole(file, fail)
    assert file.read_text() == "from before"
    assert list(tmp_path.iterdir()) == [file]


def test_trying_leaves_nothing_behind_but_the_folder(tmp_path: Path) -> None:
    try_writing(tmp_path / "new" / "a.txt")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").write_text("")
    for file in (tmp_path / "new", tmp_path / "file" / "a.txt"):
        with pytest.raises(OSError):
            try_writing(file)


def test_trying_on_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    part_of(tmp_path / "a.txt").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space"):
        try_writing(tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_known_where_it_is_met(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    part_of(file).symlink_to("/dev/full")
    with pytest.raises(OSError) as caught:
        write_whole(file, lambda part: part.write_text("much" * 99))
    assert is_full(caught.value)
    assert unwritable(file, caught.value) == (f"can't write {file}: No space left on device", "make room there")
    refused = OSError(errno.EACCES, "Permission denied")
    assert not is_full(refused) and "let this user write there" in unwritable(file, refused)[1]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("there/a.txt")
    for text in ("first", "second"):
        try_writing(tmp_path / "link")
        write_whole(tmp_path / "link", lambda part, text=text: part.write_text(text))
        assert (tmp_path / "link").is_symlink() and (tmp_path / "there" / "a.txt").read_text() == text
    assert [file.name for file in (tmp_path / "there").iterdir()] == ["a.txt"]


def test_a_pipe_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)  # waits for nobody, nor does who writes
    try:
        try_writing(pipe)
        write_whole(pipe, lambda part: part.write_text("through"))
        assert os.read(reader, 99) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_device_that_is_full_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "link", lambda part: part.write_text("much"))
    assert (tmp_path / "link").is_symlink() and Path("/dev/full").is_char_device()


def test_a_file_that_is_standard_output_goes_on_where_it_is(tmp_path: Path) -> None:
    code = "from murai.core.files import *; print('before'); "
    code += "write_whole(STANDARD_OUTPUT, lambda part: part.write_text('within\\n')); print('after')"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True, timeout=30.0)
    assert (tmp_path / "out").read_text() == "before\nwithin\nafter\n"


def test_names_of_one_file_are_known(tmp_path: Path) -> None:
    file = tmp_path / "a"
    (tmp_path / "link").symlink_to("a")
    assert same_file(file, tmp_path / "link") and same_file(file, tmp_path / "x" / ".." / "a")
    file.write_text("")
    (tmp_path / "hard").hardlink_to(file)
    assert same_file(file, tmp_path / "hard")
    assert not same_file(file, tmp_path / "b")
