"""What all tests share: the rule for those that need a GPU, and a virtual screen."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.fakes.screens import Screen, x11_screen


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


@pytest.fixture(scope="session")
def x11_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """One virtual X11 screen for all tests; it is nobody's DISPLAY until a test says so."""
    with x11_screen(tmp_path_factory.mktemp("xvfb")) as screen:
        yield screen


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever ran before."""
    import torch  # tests of rooms that never load torch don't pay for it

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
