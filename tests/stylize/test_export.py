"""Exported styles, painted with in a Python that has never heard of Murai."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from murai.errors import PackError
from murai.hardware import Compute
from murai.networks.style import StyleNetworkSpec
from murai.stylize.engine import Engine
from murai.stylize.export import export_still_painter
from murai.stylize.pack import Pack, read_pack
from murai.stylize.pack_writer import write_pack
from tests.fakes.packs import tiny_contents, write_tiny_pack

PLAIN_TORCH = """
import sys, warnings
warnings.simplefilter("ignore")
import torch
painter = torch.jit.load(sys.argv[1])
pictures = torch.load(sys.argv[2])
torch.save([painter(rgb) for rgb in pictures for _ in range(3)], sys.argv[3])
assert not any(name.startswith("murai") for name in sys.modules)
"""


def pictures() -> list[Tensor]:
    random = torch.Generator().manual_seed(1)
    sizes = ((40, 64), (33, 47), (9, 9))
    return [torch.randint(0, 120, (3, *size), generator=random, dtype=torch.uint8) for size in sizes]


def pack_in(folder: Path, *, follow: bool) -> Pack:
    write_pack(folder, tiny_contents(3, StyleNetworkSpec(width=0.5, blocks=2), follow=follow))
    return read_pack(folder)


@pytest.mark.parametrize("follow", [True, False])
@pytest.mark.parametrize("shares", [[0.0, 1.0, 0.0], [0.5, 0.2, 0.3]])
def test_plain_torch_paints_the_same(tmp_path: Path, shares: list[float], follow: bool) -> None:
    pack = pack_in(tmp_path / "pack", follow=follow)
    export_still_painter(pack, shares, tmp_path / "style.pt")
    torch.save(pictures(), tmp_path / "pictures.pt")
    files = [str(tmp_path / name) for name in ("style.pt", "pictures.pt", "paintings.pt")]
    subprocess.run([sys.executable, "-I", "-c", PLAIN_TORCH, *files], check=True, cwd=tmp_path)
    painted = torch.load(tmp_path / "paintings.pt")
    engine = Engine(pack, Compute("cpu", "float32", 1, "for tests"))
    for rgb, again in zip(pictures(), zip(painted[::3], painted[1::3], painted[2::3], strict=True), strict=True):
        expected = engine.paint_still(rgb, shares)
        for painting in again:
            assert painting.dtype == torch.uint8
            assert int((painting.int() - expected.int()).abs().max()) <= 1
    assert float(painted[0].float().std()) > 10.0


@pytest.mark.filterwarnings("ignore:.*torch.jit.load.*:DeprecationWarning")
def test_another_mix_is_another_painting(tmp_path: Path) -> None:
    pack, rgb = pack_in(tmp_path / "pack", follow=True), pictures()[0]
    paintings = []
    for number in range(2):
        export_still_painter(pack, [float(number == style) for style in range(3)], tmp_path / "style.pt")
        paintings.append(torch.jit.load(str(tmp_path / "style.pt"))(rgb).float())
    assert float((paintings[0] - paintings[1]).abs().mean()) > 5.0


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"can't write .*nowhere/style\.pt: No such file.*name a file"):
        export_still_painter(read_pack(write_tiny_pack(tmp_path / "tiny", 1)), [1.0], tmp_path / "nowhere" / "style.pt")
