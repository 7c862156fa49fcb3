"""What a training run may be told."""

from __future__ import annotations

import pytest

from murai.errors import TrainingError
from murai.training.recipe import Recipe


@pytest.mark.parametrize(
    ("entry", "value"),
    [("steps", 0), ("batch", 0), ("time_s", -1.0), ("late_share", 1.1), ("square_px", 31), ("late_square_px", 8)],
)
def test_what_trains_nothing_is_refused(entry: str, value: float) -> None:
    with pytest.raises(TrainingError, match=f"{value:g}"):
        Recipe(**{entry: value})  # type: ignore[arg-type]


def test_the_last_squares_are_the_large_ones() -> None:
    recipe = Recipe(square_px=128, late_square_px=192, late_share=0.25)
    assert [recipe.side_px(done) for done in (0.0, 0.74, 0.76, 1.0)] == [128, 128, 192, 192]
    assert recipe.largest_px == 192
