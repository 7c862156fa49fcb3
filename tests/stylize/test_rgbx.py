"""Pictures in RGBx memory."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from murai.stylize.rgbx import copy_rgbx, rgbx_like
from tests.stylize.test_cuda_painting import drawn


def test_pictures_are_copied_as_whole_pixels_where_the_fourth_byte_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    given, kept = drawn(4, 6, 4), drawn(4, 6)
    cut, tight = drawn(4, 8, 4)[:, :, :6], drawn(4, 6).contiguous()
    for rgb, runs in [(given, 1), (kept, 3), (cut, 3), (tight, 3)]:
        to = rgbx_like(rgb)
        copied: list[int] = []
        copy = Tensor.copy_
        with monkeypatch.context() as watched:
            watched.setattr(Tensor, "copy_", lambda to, new: (copied.append(to.dim()), copy(to, new))[1])  # noqa: B023
            copy_rgbx(rgb, to)
        assert copied == [runs]
        assert torch.equal(to, rgb)
        assert to.stride() == (1, 24, 4)
