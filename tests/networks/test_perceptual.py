"""The perceptual networks, against a plain implementation in NumPy and on files that are not whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from murai.errors import TrainingError
from murai.networks.perceptual import Layers, PerceptualNetwork, open_perceptual
from murai.networks.vgg_files import LocalVgg19
from murai.networks.vgg_torchvision import USUAL, TorchvisionVgg
from tests.networks.vgg_files import DISTILLED, REAL, write_vgg_files

Array = NDArray[np.float64]


def convolved(x: Array, weight: Array, bias: Array) -> Array:
    """x (C, H, W) with zeros around, convolved, and cut at 0: as written in a textbook."""
    side = weight.shape[2]
    x = np.pad(x, [(0, 0), (side // 2, side // 2), (side // 2, side // 2)])
    height, width = x.shape[1] - side + 1, x.shape[2] - side + 1
    total = np.zeros((weight.shape[0], height, width)) + bias[:, None, None]
    for row in range(side):
        for column in range(side):
            part = x[:, row : row + height, column : column + width]
            total += np.tensordot(weight[:, :, row, column], part, axes=1)
    return np.maximum(total, 0.0)


def halved(x: Array, pooling: str) -> Array:
    channels, height, width = x.shape[0], x.shape[1] // 2, x.shape[2] // 2
    fours = x[:, : 2 * height, : 2 * width].reshape(channels, height, 2, width, 2)
    return fours.max(axis=(2, 4)) if pooling == "max" else fours.mean(axis=(2, 4))


def run(tensors: dict[str, Tensor], x: Array, layers: tuple[str, ...], pooling: str) -> dict[str, Array]:
    seen = {}
    for layer in layers:
        if layer == "pool":
            x = halved(x, pooling)
        else:
            x = convolved(x, *(tensors[f"{layer}.{part}"].double().numpy() for part in ("weight", "bias")))
            seen[layer] = x
    return seen


FIRST = ("conv1_1", "conv1_2", "pool", "conv2_1", "conv2_2", "pool", "conv3_1")
THIRD_ON = ("conv3_2", "conv3_3", "conv3_4", "pool", "conv4_1")


def expected_features(folder: Path, picture: Array, pooling: str) -> dict[str, Array]:
    """The features of one picture (3, H, W) in [0, 1] by LocalVgg19's files."""
    bgr = picture[::-1] * 255.0 - np.array([103.939, 116.779, 123.68])[:, None, None]
    real = run(load_file(folder / REAL), bgr, FIRST, pooling)
    distilled = load_file(folder / DISTILLED)
    fourth = run(distilled, bgr, (*FIRST, *THIRD_ON, "project4_1"), pooling)
    rest = ("conv4_2", "conv4_3", "conv4_4", "pool", "conv5_1", "project5_1")
    fifth = run(distilled, fourth["conv4_1"], rest, pooling)
    named = {name.replace("conv", "relu"): features for name, features in real.items()}
    return named | {"relu4_1": fourth["project4_1"], "relu5_1": fifth["project5_1"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vgg_files(tmp_path_factory.mktemp("vgg"))


@pytest.mark.parametrize("pooling", ["max", "average"])
def test_features_are_those_of_a_plain_implementation(tmp_path: Path, pooling: Literal["max", "average"]) -> None:
    folder = write_vgg_files(tmp_path, thinner=4)
    layers = Layers(content={"relu2_2": 1.0}, style={"relu1_1": 1.0}, pooling=pooling)
    network: PerceptualNetwork = open_perceptual(folder, layers=layers)
    pictures = torch.rand((2, 3, 21, 38), generator=torch.Generator().manual_seed(1))
    known = ("relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1", "relu4_1", "relu5_1")
    found = network.features(pictures, known)
    assert set(found) == set(known)
    assert set(network.features(pictures)) == {"relu2_2", "relu1_1"}
    for number in range(2):
        for layer, features in expected_features(folder, pictures[number].double().numpy(), pooling).items():
            given = found[layer][number].double().numpy()
            assert given.shape == features.shape
            np.testing.assert_allclose(given, features, rtol=1e-3, atol=1e-3 * features.max())


def test_the_usual_layers_and_their_sizes(folder: Path) -> None:
    network = open_perceptual(folder)
    assert dict(network.layers.content) == {"relu3_1": 1.0}
    found = network.features(torch.rand(1, 3, 32, 48))
    sizes = {layer: tuple(features.shape[1:]) for layer, features in found.items()}
    assert sizes == {
        "relu1_1": (64, 32, 48),
        "relu2_1": (128, 16, 24),
        "relu3_1": (256, 8, 12),
        "relu4_1": (512, 4, 6),
    }


def test_features_come_in_the_networks_own_type_whatever_is_around(folder: Path) -> None:
    picture = torch.rand(1, 3, 24, 24)
    single, half = open_perceptual(folder), open_perceptual(folder, dtype=torch.bfloat16)
    wanted = single.features(picture)
    with torch.autocast("cpu", torch.bfloat16):
        again = single.features(picture)
    for layer, rough in half.features(picture).items():
        assert rough.dtype == torch.bfloat16
        torch.testing.assert_close(again[layer], wanted[layer], rtol=0.0, atol=0.0)
        assert float((rough.float() - wanted[layer]).norm() / wanted[layer].norm()) < 0.02


def test_nothing_is_computed_beyond_the_deepest_that_is_wanted(folder: Path) -> None:
    network = open_perceptual(folder)
    with FlopCounterMode(display=False) as counted:
        network.features(torch.rand(1, 3, 16, 24), ["relu1_1", "relu2_1"])
    full, half = 16 * 24, 8 * 12
    products = full * 3 * 64 * 9 + full * 64 * 64 * 9 + half * 64 * 128 * 9
    assert counted.get_total_flops() == 2 * products


@pytest.mark.parametrize("layer", ["relu3_2", "relu6_1", "conv1_1"])
def test_an_unknown_layer_is_named_with_the_known_ones(folder: Path, layer: str) -> None:
    told = f"no layer '{layer}'.*relu1_1, relu1_2, relu2_1, relu2_2, relu3_1, relu4_1, relu5_1"
    with pytest.raises(TrainingError, match=told):
        open_perceptual(folder, layers=Layers(content={"relu3_1": 1.0}, style={layer: 1.0}))
    with pytest.raises(TrainingError, match=told):
        open_perceptual(folder).features(torch.rand(1, 3, 8, 8), [layer])


def test_gradients_reach_the_picture_and_not_the_weights(folder: Path) -> None:
    network = LocalVgg19(folder)
    picture = torch.rand(1, 3, 16, 16, requires_grad=True)
    network.features(picture)["relu4_1"].sum().backward()
    assert picture.grad is not None and float(picture.grad.abs().sum()) > 0.0
    assert not any(tensor.requires_grad for tensor in [*network.parameters(), *network.buffers()])


@pytest.mark.parametrize("file", [REAL, DISTILLED])
def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path, file: str) -> None:
    (write_vgg_files(tmp_path, thinner=8) / file).unlink()
    with pytest.raises(TrainingError, match=f"{file}.*--perceptual"):
        open_perceptual(tmp_path)


@pytest.mark.parametrize("size_bytes", [0, 5, 2000])
def test_a_damaged_file_is_named(tmp_path: Path, size_bytes: int) -> None:
    file = write_vgg_files(tmp_path, thinner=8) / REAL
    file.write_bytes(file.read_bytes()[:size_bytes])
    with pytest.raises(TrainingError, match=f"{REAL}.*--perceptual"):
        open_perceptual(tmp_path)


@pytest.mark.parametrize(("file", "tensor"), [(REAL, "conv3_1.weight"), (DISTILLED, "project4_1.bias")])
def test_a_file_without_a_tensor_is_named_before_training_starts(tmp_path: Path, file: str, tensor: str) -> None:
    path = write_vgg_files(tmp_path, thinner=8) / file
    tensors = load_file(path)
    del tensors[tensor]
    save_file(tensors, path)
    with pytest.raises(TrainingError, match=f"{file} has no tensor '{tensor}'.*--perceptual"):
        open_perceptual(tmp_path)


def torchvision_weights(convolutions: tuple[int, ...]) -> dict[str, Tensor]:
    """As torchvision names them, with four channels a block."""
    random = torch.Generator().manual_seed(16)
    made: dict[str, Tensor] = {}
    place, before = 0, 3
    for count in convolutions:
        for _ in range(count):
            made[f"{place}.weight"] = torch.randn((4, before, 3, 3), generator=random) * 0.3
            made[f"{place}.bias"] = torch.randn(4, generator=random) * 0.1
            place, before = place + 2, 4  # a ReLU stands between
        place += 1  # a pool
    return made


@pytest.mark.parametrize(
    ("which", "convolutions", "deepest"), [("vgg16", (2, 2, 3, 3, 3), 22), ("vgg19", (2, 2, 4, 4, 4), 28)]
)
def test_torchvisions_layers_are_found_by_name(
    which: Literal["vgg16", "vgg19"], convolutions: tuple[int, ...], deepest: int
) -> None:
    """deepest: torchvision's number of the ReLU of relu4_3 in VGG-16, and of the convolution relu5_1 in VGG-19."""
    weights = torchvision_weights(convolutions)
    network: PerceptualNetwork = TorchvisionVgg(which, USUAL[which], weights)
    picture = torch.rand((1, 3, 32, 48), generator=torch.Generator().manual_seed(2))
    found = network.features(picture)
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    x = (picture[0].double().numpy() - mean[:, None, None]) / deviation[:, None, None]
    layers = [str(n) if f"{n}.weight" in weights else "pool" for n in range(deepest + 1) if _stands(n, convolutions)]
    seen = run(weights, x, tuple(layers), "max")
    last = list(network.layers.style)[-1]
    np.testing.assert_allclose(found[last][0].double().numpy(), list(seen.values())[-1], rtol=1e-3, atol=1e-4)
    assert set(found) == {*network.layers.style, *network.layers.content}


def _stands(place: int, convolutions: tuple[int, ...]) -> bool:
    """Whether there is something other than a ReLU."""
    begin = 0
    for count in convolutions:
        if place < begin + 2 * count:
            return (place - begin) % 2 == 0
        begin += 2 * count + 1
        if place == begin - 1:
            return True
    return False


def test_without_torchvision_the_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)  # what an import of it sees where there is none
    with pytest.raises(TrainingError, match=r"torchvision.*'training'.*--perceptual"):
        open_perceptual(None)


def test_a_torchvision_for_another_torch_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TrainingError, match=r"torchvision::nms does not exist.*'training'"):
        open_perceptual(None)
