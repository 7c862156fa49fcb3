"""Errors in one line, in the tree that the module's docstring draws."""

from __future__ import annotations

import inspect
import re

from murai import errors


def test_message_is_one_line_with_the_remedy_last() -> None:
    fault = errors.CameraBusy("the camera /dev/video0\n is in use", "close\tthe other program")
    assert str(fault) == "the camera /dev/video0 is in use: close the other program"
    assert str(errors.MuraiError("the disk is full")) == "the disk is full"


def test_docstring_draws_every_error_at_its_place() -> None:
    drawn: dict[str, str] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"([│├└─ ]*)([A-Z]\w+)  +\w", line):
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            drawn[found[2]] = above[depth - 1] if depth else "Exception"
    defined = {
        name: one.__bases__[0].__name__
        for name, one in inspect.getmembers(errors, inspect.isclass)
        if one.__module__ == errors.__name__
    }
    assert drawn == defined


def test_post_for_later_knows_when() -> None:
    assert errors.PostLater("the service is busy", retry_at_unix_s=1.5e9).retry_at_unix_s == 1.5e9
    assert errors.PostLater("the service is busy").retry_at_unix_s is None
