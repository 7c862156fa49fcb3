"""The figures of a style, and what is said of a whole pack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class StyleFigures:
    """One style's figures, means over photographs; see docs/training.md.

    lbfgs_steps, lbfgs_steps_photograph: how many steps of L-BFGS, from noise and from the photograph, the network's
        one pass is worth on the loss of its training.
    total_loss: weighted; the other losses are not. lbfgs_total_loss: the lowest that L-BFGS came to from noise.
    warping_error: of the painted film, as it is shown (steadied), of the film itself, and as the twin paints it;
        squared, RGB in [0, 1].
    noise_gain: RMS out over RMS in. Look at it, and at the warping error, beside the style loss: blur lowers both.
    stroke_distance: octaves of energy by which strokes of each size differ from the style image's, on average.
    """

    lbfgs_steps: float
    lbfgs_steps_photograph: float
    total_loss: float
    style_loss: float
    content_loss: float
    tone_loss: float
    variation_loss: float
    lbfgs_total_loss: float
    warping_error: float
    warping_error_shown: float
    warping_error_raw: float
    warping_error_twin: float | None
    noise_gain: float
    noise_gain_twin: float | None
    style_loss_twin: float | None
    total_loss_twin: float | None
    stroke_distance: float

    def rounded(self) -> dict[str, float | None]:
        """By name, to five significant digits."""
        return {name: None if value is None else float(f"{value:.5g}") for name, value in asdict(self).items()}


def mean_figures(styles: Sequence[StyleFigures]) -> StyleFigures:
    """Means over styles; of the twin's figures None where a style has none."""
    means: dict[str, Any] = {
        field.name: _mean([getattr(style, field.name) for style in styles]) for field in fields(StyleFigures)
    }
    return StyleFigures(**means)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if len(known) == len(values) else None
