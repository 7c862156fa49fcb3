"""What a training run may be told."""

from __future__ import annotations

import pytest

from murai.errors import TrainingError
from murai.training.recipe import Recipe


@pytest.mark.parametrize(
    ("entry", "value"),
    [("steps", 0), ("batch", 0), ("fixed_share", -0.1), ("fixed_share", 1.1), ("square_px", 31)],
)
def test_what_trains_nothing_is_refused(entry: str, value: float) -> None:
    with pytest.raises(TrainingError, match=str(value)):
        Recipe(**{entry: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("steps", "share", "switch"), [(10, 0.4, 6), (10, 0.0, 10), (10, 1.0, 0), (1, 0.4, 1)])
def test_the_last_steps_are_those_with_fixed_statistics(steps: int, share: float, switch: int) -> None:
    assert Recipe(steps=steps, fixed_share=share).switch_step == switch
