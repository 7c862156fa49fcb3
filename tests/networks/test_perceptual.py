"""The perceptual networks, against a plain implementation in NumPy and on files that are not whole."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from murai.errors import TrainingError
from murai.networks.perceptual import LocalVgg19, PerceptualNetwork, TorchvisionVgg16
from tests.networks.vgg_files import DISTILLED, REAL, write_vgg_files

Array = NDArray[np.float64]


def convolved(x: Array, weight: Array, bias: Array) -> Array:
    """x (C, H, W) padded by its own mirror image, convolved, and cut at 0: as written in a textbook."""
    side = weight.shape[2]
    x = np.pad(x, [(0, 0), (side // 2, side // 2), (side // 2, side // 2)], mode="reflect")
    height, width = x.shape[1] - side + 1, x.shape[2] - side + 1
    total = np.zeros((weight.shape[0], height, width)) + bias[:, None, None]
    for row in range(side):
        for column in range(side):
            part = x[:, row : row + height, column : column + width]
            total += np.tensordot(weight[:, :, row, column], part, axes=1)
    return np.maximum(total, 0.0)


def halved(x: Array) -> Array:
    channels, height, width = x.shape[0], x.shape[1] // 2, x.shape[2] // 2
    fours = x[:, : 2 * height, : 2 * width].reshape(channels, height, 2, width, 2)
    return fours.max(axis=(2, 4))


def expected_features(folder: Path, picture: Array) -> dict[str, Array]:
    """The features of one picture (3, H, W) in [0, 1]."""
    bgr = picture[::-1] * 255.0 - np.array([103.939, 116.779, 123.68])[:, None, None]

    def run(file: str, *layers: str) -> dict[str, Array]:
        tensors = {name: tensor.double().numpy() for name, tensor in load_file(folder / file).items()}
        x, seen = bgr, {}
        for layer in layers:
            if layer == "pool":
                x = halved(x)
            else:
                x = convolved(x, tensors[f"{layer}.weight"], tensors[f"{layer}.bias"])
                seen[layer] = x
        return seen

    first = ("conv1_1", "conv1_2", "pool", "conv2_1", "conv2_2", "pool", "conv3_1")
    real = run(REAL, *first)
    deep = run(DISTILLED, *first, "conv3_2", "conv3_3", "conv3_4", "pool", "conv4_1", "project4_1")
    return {
        "relu1_1": real["conv1_1"],
        "relu2_1": real["conv2_1"],
        "relu3_1": real["conv3_1"],
        "relu4_1": deep["project4_1"],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_vgg_files(tmp_path_factory.mktemp("vgg"))


def test_features_are_those_of_a_plain_implementation(folder: Path) -> None:
    network: PerceptualNetwork = LocalVgg19(folder)
    pictures = torch.rand((2, 3, 21, 26), generator=torch.Generator().manual_seed(1))
    found = network.features(pictures)
    for number in range(2):
        expected = expected_features(folder, pictures[number].double().numpy())
        assert found.keys() == expected.keys()
        for layer, features in expected.items():
            given = found[layer][number].double().numpy()
            assert given.shape == features.shape
            np.testing.assert_allclose(given, features, rtol=1e-3, atol=1e-3 * features.max())


def test_the_layers_to_measure_at_are_among_the_features(folder: Path) -> None:
    network = LocalVgg19(folder)
    found = network.features(torch.rand(1, 3, 32, 48))
    assert {network.content_layer, *network.style_layers} <= found.keys()
    sizes = {layer: tuple(features.shape[1:]) for layer, features in found.items()}
    assert sizes == {
        "relu1_1": (64, 32, 48),
        "relu2_1": (128, 16, 24),
        "relu3_1": (256, 8, 12),
        "relu4_1": (512, 4, 6),
    }


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
        LocalVgg19(tmp_path)


@pytest.mark.parametrize("size_bytes", [0, 5, 2000])
def test_a_damaged_file_is_named(tmp_path: Path, size_bytes: int) -> None:
    file = write_vgg_files(tmp_path, thinner=8) / REAL
    file.write_bytes(file.read_bytes()[:size_bytes])
    with pytest.raises(TrainingError, match=f"{REAL}.*--perceptual"):
        LocalVgg19(tmp_path)


@pytest.mark.parametrize(("file", "tensor"), [(REAL, "conv3_1.weight"), (DISTILLED, "project4_1.bias")])
def test_a_file_without_a_tensor_is_named_before_training_starts(tmp_path: Path, file: str, tensor: str) -> None:
    path = write_vgg_files(tmp_path, thinner=8) / file
    tensors = load_file(path)
    del tensors[tensor]
    save_file(tensors, path)
    with pytest.raises(TrainingError, match=f"{file} has no tensor '{tensor}'.*--perceptual"):
        LocalVgg19(tmp_path)


def test_without_torchvision_the_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)  # what an import of it sees where there is none
    with pytest.raises(TrainingError, match=r"torchvision.*'training'.*--perceptual"):
        TorchvisionVgg16()


def test_a_torchvision_for_another_torch_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torchvision").mkdir()
    (tmp_path / "torchvision" / "__init__.py").write_text(
        "raise RuntimeError('operator torchvision::nms does not exist')"
    )
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TrainingError, match=r"torchvision::nms does not exist.*'training'"):
        TorchvisionVgg16()
