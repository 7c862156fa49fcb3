"""What all tests share: the rule for those that need a GPU."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _gpu(request: pytest.FixtureRequest) -> None:
    """A test marked `gpu` is skipped where there is none, and fails there with MURAI_REQUIRE_GPU=1."""
    if request.node.get_closest_marker("gpu") is None:
        return
    import torch  # tests of rooms that never load torch don't pay for it

    if torch.cuda.is_available():
        return
    if os.environ.get("MURAI_REQUIRE_GPU") == "1":
        pytest.fail("MURAI_REQUIRE_GPU is 1, and torch finds no NVIDIA GPU")
    pytest.skip("torch finds no NVIDIA GPU")
