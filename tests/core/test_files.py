"""Files are written whole or not at all, and what stops that is told with its remedy."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from murai.core.files import is_full, part_of, try_writing, unwritable, write_whole


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
