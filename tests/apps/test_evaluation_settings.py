"""`murai evaluate` measures by what a pack was trained with: its style images, its perceptual network, its distance."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from murai.apps.evaluation_images import read_style_images
from murai.apps.evaluation_loss import open_loss
from murai.apps.evaluation_options import EvaluationOptions, ImageOptions, LossOptions
from murai.apps.training_about import with_images
from murai.apps.training_options import parse_styles
from murai.errors import ConfigError, PackError, TrainingError
from murai.hardware import Compute
from murai.stylize.pack import Pack, PackFacts, read_pack
from murai.training.style_image import StyleImage, read_style
from tests.fakes.packs import write_tiny_pack
from tests.networks.vgg_files import write_vgg_files
from tests.training.evaluation.drawn import texture

COMPUTE = Compute("cpu", "float32", 2, "for tests")


@pytest.fixture(scope="module")
def perceptual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vgg_files(tmp_path_factory.mktemp("perceptual"), thinner=8)


@pytest.fixture
def paintings(tmp_path: Path) -> Path:
    """Two photographs of one mural, and a mask."""
    folder = tmp_path / "paintings"
    folder.mkdir()
    for number, name in enumerate(("left", "right")):
        picture = texture(160, 160, seed=number + 1).permute(1, 2, 0).contiguous().numpy()
        Image.fromarray(picture).save(folder / f"{name}.png")
    mask = Image.new("L", (160, 160), 255)
    mask.paste(0, (0, 0, 60, 160))
    mask.save(folder / "mask.png")
    return folder


def trained_on(folder: Path, paintings: Path, crops: tuple[str, ...] = ("10,0,150,128",)) -> tuple[Pack, StyleImage]:
    """A pack that says of its one style what it was learnt from, and that image."""
    named = f"style-1={paintings / 'left.png'},{paintings / 'right.png'}"
    sources = parse_styles([named], crops, ["3"], [str(paintings / "mask.png")])
    images = [read_style(source, 100) for source in sources]
    pack = read_pack(write_tiny_pack(folder, styles=1))
    (style,) = with_images(pack.styles, sources, images, 100)
    return Pack(folder, pack.facts.model_copy(update={"style": (style,)})), images[0]


def options(paintings: tuple[str, ...], **others: Any) -> EvaluationOptions:
    return EvaluationOptions(pack="", paintings=paintings, photographs=Path(), clips=(), **others)


def test_a_style_is_measured_by_the_pictures_that_it_was_learnt_from(
    paintings: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pack, image = trained_on(tmp_path / "tiny", paintings)
    for named in (str(paintings),), (f"style-1={paintings / 'left.png'},{paintings / 'right.png'}", str(paintings)):
        ((number, found),) = read_style_images(pack, options(named))
        assert (number, found.sha256()) == (0, image.sha256()) and len(found.pictures) == 2
    assert not caplog.records


def test_what_is_said_wins_and_is_told(paintings: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pack, _ = trained_on(tmp_path / "tiny", paintings)
    said = ImageOptions(crop=("0,0,90,80",), rotate=("0",), style_px=64)
    with caplog.at_level(logging.WARNING):
        ((_, found),) = read_style_images(pack, options((str(paintings),), image=said))
    assert found.pictures[0].shape == (3, 64, 72)
    assert "'style-1' was learnt from another picture than it is measured by" in caplog.text


def test_a_mask_that_is_missing_is_told(paintings: Path, tmp_path: Path) -> None:
    pack, image = trained_on(tmp_path / "tiny", paintings)
    mask = (paintings / "mask.png").rename(tmp_path / "elsewhere.png")
    with pytest.raises(TrainingError, match=r"learnt with the mask mask\.png, which is not in .*--mask style-1=FILE"):
        read_style_images(pack, options((str(paintings),)))
    said = ImageOptions(mask=(f"style-1={mask}",))
    assert read_style_images(pack, options((str(paintings),), image=said))[0][1].sha256() == image.sha256()


def with_training(pack: Pack, **entries: str | float) -> Pack:
    facts: PackFacts = pack.facts.model_copy(update={"training": {**pack.facts.training, **entries}})
    return Pack(pack.folder, facts)


def test_the_loss_is_the_one_of_the_training(
    perceptual: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    plain = read_pack(write_tiny_pack(tmp_path / "tiny"))
    told = {"layers": "relu1_1,relu2_1:0.5", "content_layers": "relu2_1", "pooling": "average"}
    pack = with_training(plain, perceptual="vgg19-local", style_distance="moments", tone_weight=3.0, **told)
    loss = open_loss(pack, LossOptions(perceptual), COMPUTE)
    layers = loss.network.layers
    assert (layers.style, layers.content) == ({"relu1_1": 1.0, "relu2_1": 0.5}, {"relu2_1": 1.0})
    assert (layers.pooling, loss.kind, loss.weights.tone) == ("average", "moments", 3.0)
    assert not caplog.records

    with caplog.at_level(logging.WARNING):
        other = open_loss(pack, LossOptions(perceptual, style={"relu3_1": 1.0}, distance="gram"), COMPUTE)
    assert (other.network.layers.style, other.kind) == ({"relu3_1": 1.0}, "gram")
    assert "was trained by layers relu1_1,relu2_1:0.5, and is measured by relu3_1" in caplog.text
    assert "was trained by moments, and is measured by gram" in caplog.text
    assert loss.identity != other.identity


def test_layers_of_another_network_are_not_looked_for(perceptual: Path, tmp_path: Path) -> None:
    pack = with_training(
        read_pack(write_tiny_pack(tmp_path / "tiny")), perceptual="torchvision-vgg16", layers="relu2_2"
    )
    assert "relu2_1" in open_loss(pack, LossOptions(perceptual), COMPUTE).network.layers.style


def test_everything_about_the_network_tells_kept_curves_apart(perceptual: Path, tmp_path: Path) -> None:
    pack = read_pack(write_tiny_pack(tmp_path / "tiny"))
    others = write_vgg_files(tmp_path / "others", thinner=4)
    asked = [
        (LossOptions(perceptual), COMPUTE),
        (LossOptions(perceptual, pooling="average"), COMPUTE),
        (LossOptions(perceptual, style={"relu1_1": 1.0}), COMPUTE),
        (LossOptions(perceptual, style={"relu1_1": 0.5}), COMPUTE),
        (LossOptions(perceptual, content={"relu1_1": 1.0}), COMPUTE),
        (LossOptions(others), COMPUTE),
        (LossOptions(perceptual), Compute("cpu", "bfloat16", 2, "for tests")),
    ]
    assert len({open_loss(pack, *each).identity for each in asked}) == len(asked)


@pytest.mark.parametrize(
    ("entry", "kind", "said"),
    [
        ({"style_distance": "wishes"}, PackError, "trained by 'wishes', which nobody knows"),
        ({"layers": "relu1_1:much"}, ConfigError, "'relu1_1:much' is no layer"),
        ({"layers": "relu9_9"}, TrainingError, "has no layer 'relu9_9'"),
    ],
)
def test_settings_that_nobody_knows(
    perceptual: Path, tmp_path: Path, entry: dict[str, str], kind: type[Exception], said: str
) -> None:
    pack = with_training(read_pack(write_tiny_pack(tmp_path / "tiny")), **entry)
    with pytest.raises(kind, match=said):
        open_loss(pack, LossOptions(perceptual), COMPUTE)
