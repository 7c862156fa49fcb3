"""A style pack as small as one can be: whole, quickly loaded, with weights that nobody trained."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image

from murai.networks.canvas import canvas_size, draw_canvas
from murai.networks.statistics import measure_each
from murai.networks.style import InstanceAffine, StyleNetwork, StyleNetworkSpec
from murai.stylize.pack import StyleFacts
from murai.stylize.pack_writer import PackContents, write_pack

TINY = StyleNetworkSpec(width=0.25, blocks=1)


def write_tiny_pack(folder: Path, styles: int = 3) -> Path:
    """Writes a pack of the folder's name with `styles` styles, "style-1" and on, and gives the folder back.

    The weights are the same each time. Paintings are coloured noise around the picture's edges, of
    different colours for each style.
    """
    write_pack(folder, tiny_contents(styles))
    for number in range(styles):
        colour = tuple((90 * number + shade) % 256 for shade in (40, 120, 200))
        Image.new("RGB", (32, 18), colour).save(folder / f"style-{number + 1}.jpg")
    return folder


def tiny_contents(styles: int = 3, spec: StyleNetworkSpec = TINY, *, follow: bool = True) -> PackContents:
    """What such a pack is made of, with random weights large enough to paint in full colours.

    Its usual statistics are those of noise over a slope.
    """
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = StyleNetwork(spec, InstanceAffine).requires_grad_(False)
        scale = 1.0 + 0.5 * torch.randn(styles, spec.vector_length)
        shift = 0.3 * torch.randn(styles, spec.vector_length)
        pictures = torch.rand(styles, 3, 64, 96) * torch.linspace(0.2, 1.0, 96)
    network.out.weight.mul_(3.0 if follow else 10.0)
    mean, deviation = measure_each(network, pictures, draw_canvas(*canvas_size(64, 96)), scale, shift)
    if not follow:
        mean, deviation = torch.zeros_like(mean), torch.ones_like(deviation)
    return PackContents(
        title="Tiny",
        licence="CC0-1.0",
        spec=spec,
        network=network.state_dict(),
        scale=scale,
        shift=shift,
        mean=mean,
        deviation=deviation,
        styles=[_facts(number + 1) for number in range(styles)],
        training={"steps": 0},
        follow=follow,
    )


def _facts(number: int) -> StyleFacts:
    name = f"style-{number}"
    return StyleFacts(name=name, title=f"Style {number}", artist="Nobody", year="2020", preview=f"{name}.jpg")
