"""Packs that are whole, and every way in which one isn't."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from murai.errors import PackError, StyleMissing
from murai.networks.style import StyleNetworkSpec
from murai.stylize.pack import TWIN_FILE, VECTORS, WEIGHTS_FILE, StyleFacts, load_weights, read_pack, sha256_of
from murai.stylize.pack_writer import PackContents, add_twin, check_pack_folder, check_twin, write_pack
from tests.fakes.packs import tiny_contents, write_tiny_pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_pack(tmp_path / "tiny")


def edit(folder: Path, old: str, new: str) -> None:
    """Changes pack.toml."""
    file = folder / "pack.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def change_weights(folder: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    """Writes other tensors, and their hash into pack.toml."""
    file = folder / WEIGHTS_FILE
    before = sha256_of(file)
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)
    edit(folder, before, sha256_of(file))


def refused(folder: Path) -> str:
    """What is said of the pack, in one line."""
    with pytest.raises(PackError) as caught:
        load_weights(read_pack(folder))
    told = str(caught.value)
    assert "\n" not in told
    assert caught.value.remedy
    assert str(folder) in told
    return told


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    spec = StyleNetworkSpec(width=0.5, blocks=2)
    told = StyleFacts(
        name="wave", title="Большая волна", artist="北斎", year="1831", credit='"quoted"', training={"style": 0.5}
    )
    contents = replace(tiny_contents(2, spec), training={"minutes": 1.5, "steps": 7, "device": "cpu"})
    contents = replace(contents, styles=[told, contents.styles[1]])
    write_pack(tmp_path / "new" / "duo", contents)
    pack = read_pack(tmp_path / "new" / "duo")
    assert pack.facts.name == "duo"
    assert pack.facts.network.spec == spec
    assert (pack.facts.title, pack.facts.licence) == (contents.title, contents.licence)
    assert pack.facts.training == contents.training
    assert pack.styles == (told, contents.styles[1])
    weights = load_weights(pack)
    assert all(torch.equal(getattr(weights, name), getattr(contents, name)) for name in VECTORS)
    assert weights.network.out.weight.dtype == torch.float32
    for name, tensor in weights.network.state_dict().items():
        torch.testing.assert_close(tensor, contents.network[name], rtol=2**-11, atol=1e-7)  # half precision
    write_pack(tmp_path / "again", replace(contents, network=weights.network.state_dict()))
    again = load_weights(read_pack(tmp_path / "again")).network.state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in weights.network.state_dict().items())
    assert not weights.network.training
    assert not any(parameter.requires_grad for parameter in weights.network.parameters())


def test_a_pack_can_be_read_by_whoever_may_read_files(folder: Path) -> None:
    mask = os.umask(0o022)
    os.umask(mask)
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o666 & ~mask}


def test_a_pack_is_replaced_by_one_of_the_same_name(folder: Path) -> None:
    write_pack(folder, tiny_contents(styles=2))
    assert load_weights(read_pack(folder)).scale.shape[0] == 2
    assert not list(folder.glob("*.part"))


def test_a_style_is_found_by_its_name(folder: Path) -> None:
    pack = read_pack(folder)
    assert pack.index_of("style-2") == 1
    assert pack.index_of("") == 0
    with pytest.raises(StyleMissing, match=r"no style 'style-9'.*style-1, style-2, style-3"):
        pack.index_of("style-9")


def test_a_folder_that_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(StyleMissing, match=r"has no pack\.toml.*murai styles list"):
        read_pack(tmp_path)
    with pytest.raises(StyleMissing, match=r"has no pack\.toml"):
        read_pack(tmp_path / "nowhere")


def test_other_weights_than_pack_toml_was_written_for(folder: Path) -> None:
    file = folder / WEIGHTS_FILE
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert sha256_of(file)[:12] in refused(folder)
    assert "SHA-256" in refused(folder)


def test_missing_weights(folder: Path) -> None:
    (folder / WEIGHTS_FILE).unlink()
    assert "No such file" in refused(folder)


def test_weights_that_are_no_weights(folder: Path) -> None:
    file = folder / WEIGHTS_FILE
    before = sha256_of(file)
    file.write_bytes(b"not weights")
    edit(folder, before, sha256_of(file))
    assert "is damaged" in refused(folder)


def test_a_missing_tensor(folder: Path) -> None:
    change_weights(folder, lambda tensors: tensors.__delitem__("network.up.weight"))
    assert "tensor 'network.up.weight' is missing" in refused(folder)


def test_a_tensor_that_is_not_of_this_network(folder: Path) -> None:
    change_weights(folder, lambda tensors: tensors.update({"network.tail.weight": torch.zeros(3)}))
    assert "tensor 'network.tail.weight' is (3,), pack.toml says none" in refused(folder)


def test_weights_of_a_wider_network(folder: Path) -> None:
    edit(folder, "width = 0.25", "width = 0.5")
    assert "pack.toml says (" in refused(folder)


def test_weights_of_fewer_styles_than_pack_toml_has(folder: Path) -> None:
    write_pack(folder, replace(tiny_contents(styles=2), styles=tiny_contents(styles=3).styles))
    assert "tensor 'deviation' is (2, 28), pack.toml says (3, 28)" in refused(folder)


def test_deviations_that_nothing_can_be_divided_by(folder: Path) -> None:
    change_weights(folder, lambda tensors: tensors["deviation"][1].zero_())
    assert "tensor 'deviation' has values that aren't above zero" in refused(folder)


def other_training(folder: Path) -> Path:
    """A pack of the same network and styles with other weights."""
    contents = tiny_contents()
    write_pack(folder, replace(contents, scale=contents.scale * 1.5))
    return folder


def test_a_twin_lies_beside_the_weights(folder: Path, tmp_path: Path) -> None:
    add_twin(read_pack(folder), read_pack(other_training(tmp_path / "other")))
    pack = read_pack(folder)
    assert torch.equal(load_weights(pack, twin=True).scale, 1.5 * load_weights(pack).scale)
    assert (pack.styles, pack.facts.training) == (read_pack(tmp_path / "other").styles, {"steps": 0})
    (folder / TWIN_FILE).write_bytes(b"no twin")
    load_weights(pack)
    with pytest.raises(PackError, match=r"twin\.safetensors has SHA-256"):
        load_weights(pack, twin=True)


def test_a_pack_without_a_twin(folder: Path) -> None:
    with pytest.raises(PackError, match="pack 'tiny' has no twin"):
        load_weights(read_pack(folder), twin=True)


@pytest.mark.parametrize(
    "other",
    [tiny_contents(2), tiny_contents(3, StyleNetworkSpec(0.5, 1)), tiny_contents(3, StyleNetworkSpec(0.25, 1, 1.0))],
)
def test_another_network_is_no_twin(folder: Path, tmp_path: Path, other: PackContents) -> None:
    write_pack(tmp_path / "other", other)
    with pytest.raises(PackError, match=r"other is no twin of .*tiny: width, blocks, detail or styles differ"):
        add_twin(read_pack(folder), read_pack(tmp_path / "other"))
    assert not (folder / TWIN_FILE).exists()


def test_a_twin_with_its_styles_in_another_order_is_told_the_order(folder: Path) -> None:
    pack = read_pack(folder)
    names = [style.name for style in pack.styles]
    with pytest.raises(PackError, match=rf"stand in another order.*the order is {', '.join(names)}"):
        check_twin(pack, Path("other"), pack.facts.network.spec, names[::-1])
    check_twin(pack, Path("other"), pack.facts.network.spec, names)


def as_of_format_2(folder: Path) -> dict[str, Tensor]:
    """Makes a pack one of format 2, and gives its kernels for nearest-neighbour enlargement, (O, I, 3, 3)."""
    network = read_pack(folder).facts.network.spec
    shapes = {"up": (network.fine_channels, network.channels), "out": (3, network.fine_channels)}
    random = torch.Generator().manual_seed(1)
    plain = {f"network.{name}.weight": torch.randn((*shape, 3, 3), generator=random) for name, shape in shapes.items()}
    change_weights(folder, lambda tensors: tensors.update(plain))
    edit(folder, "format = 3", "format = 2")
    edit(folder, "detail = 0.5\n", "")
    return plain


def test_a_pack_of_format_2_enlarges_as_it_did(folder: Path) -> None:
    plain = as_of_format_2(folder)
    network = load_weights(read_pack(folder)).network
    for name, enlarging in (("up", network.up), ("out", network.out)):
        x = torch.rand((1, enlarging.in_channels, 5, 6), generator=torch.Generator().manual_seed(2))
        nearest = F.interpolate(x, scale_factor=2.0, mode="nearest")
        wanted = F.conv2d(nearest, plain[f"network.{name}.weight"], enlarging.bias, padding=1)
        torch.testing.assert_close(enlarging(x), wanted)


def test_a_pack_of_format_2_with_other_kernels(folder: Path) -> None:
    edit(folder, "format = 3", "format = 2")
    change_weights(folder, lambda tensors: tensors.update({"network.up.weight": torch.zeros(4, 8, 5, 5)}))
    assert "tensor 'network.up.weight' is (4, 8, 5, 5)" in refused(folder)
    change_weights(folder, lambda tensors: tensors.update({"network.up.weight": torch.zeros(4)}))
    assert "tensor 'network.up.weight' is (4,)" in refused(folder)


def test_a_pack_of_format_2_takes_no_twin(folder: Path, tmp_path: Path) -> None:
    as_of_format_2(folder)
    with pytest.raises(PackError, match=r"tiny is of format 2, which has no twins.*train it again"):
        add_twin(read_pack(folder), read_pack(other_training(tmp_path / "other")))
    with pytest.raises(PackError, match="which has no twins"):
        add_twin(read_pack(tmp_path / "other"), read_pack(folder))


def test_new_weights_leave_no_old_twin(folder: Path, tmp_path: Path) -> None:
    add_twin(read_pack(folder), read_pack(other_training(tmp_path / "other")))
    write_pack(folder, tiny_contents())
    assert not (folder / TWIN_FILE).exists()
    assert read_pack(folder).facts.network.twin_sha256 == ""


def test_two_styles_of_one_name(folder: Path) -> None:
    edit(folder, 'name = "style-2"', 'name = "style-1"')
    assert "two styles are named 'style-1'" in refused(folder)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "Tiny"', 'title = "Tiny', "no valid TOML"),
        ('title = "Tiny"', 'title = "Tiny"\ncolour = 1', "no entry 'colour'"),
        ('artist = "Nobody"', 'artists = "Nobody"', "no entry 'style.0.artists'"),
        ("blocks = 1\n", "", "'network.blocks' is missing"),
        ("blocks = 1", "blocks = -1", "network.blocks = -1"),
        ("width = 0.25", "width = 1e9", "network.width = 1000000000.0"),
        ("format = 3", "format = 1", "format = 1"),
        ('architecture = "fold4"', 'architecture = "pickle"', "network.architecture = 'pickle'"),
        ('name = "style-1"', 'name = "../style"', "style.0.name = '../style'"),
        ('sha256 = "', 'sha256 = "x', "network.sha256 ="),
        ("[[style]]", "[style]", "no valid TOML"),
    ],
)
def test_pack_toml_with_a_fault(folder: Path, old: str, new: str, said: str) -> None:
    edit(folder, old, new)
    assert said in refused(folder)


def test_pack_toml_without_any_style(folder: Path) -> None:
    file = folder / "pack.toml"
    file.write_text("style = []\n" + file.read_text().partition("[[style]]")[0])
    assert "pack.toml: style = []" in refused(folder)


def test_pack_toml_that_is_no_text(folder: Path) -> None:
    (folder / "pack.toml").write_bytes(b"\xff\xfe\x00")
    assert "no valid TOML" in refused(folder)


@pytest.mark.parametrize("blocked", ["tiny", WEIGHTS_FILE, "pack.toml"])
def test_a_pack_that_cannot_be_written(tmp_path: Path, blocked: str) -> None:
    if blocked == "tiny":
        (tmp_path / "tiny").write_text("a file where the folder should be")
    else:
        (tmp_path / "tiny" / blocked).mkdir(parents=True)
    with pytest.raises(PackError, match=r"can't write the pack .*tiny.*name a folder"):
        write_pack(tmp_path / "tiny", tiny_contents())


def test_a_pack_that_cannot_be_written_whole_stays_as_it_was(folder: Path) -> None:
    before = load_weights(read_pack(folder))
    (folder / "pack.toml.part").mkdir()
    contents = tiny_contents()
    with pytest.raises(PackError, match="can't write the pack"):
        write_pack(folder, replace(contents, scale=contents.scale * 1.5))
    assert torch.equal(load_weights(read_pack(folder)).scale, before.scale)


def test_trying_a_folder_leaves_it_as_it_was(folder: Path) -> None:
    before = sorted((file.name, file.read_bytes()) for file in folder.iterdir())
    check_pack_folder(folder)
    assert sorted((file.name, file.read_bytes()) for file in folder.iterdir()) == before
    check_pack_folder(folder.parent / "some" / "where" / "new")
    assert list(folder.parent.iterdir()) == [folder]
    with pytest.raises(PackError, match=r"can't write the pack .*pack\.toml.*name a folder"):
        check_pack_folder(folder / "pack.toml")


def other_contents() -> PackContents:
    contents = tiny_contents(styles=2)
    return replace(contents, scale=contents.scale * 1.5)


KILLED = """
import os, signal, sys
from pathlib import Path
from murai.stylize import pack_writer
from tests.stylize.test_pack import other_contents

renamed, real = 0, Path.replace

def replace(self, target):
    global renamed
    if renamed == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    renamed += 1
    return real(self, target)

Path.replace = replace
pack_writer.write_pack(Path(sys.argv[1]), other_contents())
"""


def killed_before_rename(folder: Path, number: int) -> None:
    """As `write_pack` leaves a pack when it is killed before its first rename, or before the second."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(number)], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [0, 1])
def test_a_kill_leaves_the_pack_before_or_the_new_one(folder: Path, number: int) -> None:
    before = load_weights(read_pack(folder))
    killed_before_rename(folder, number)
    pack = read_pack(folder)
    found = load_weights(pack)
    assert len(pack.styles) == (2 if number else 3)
    assert torch.equal(found.scale, other_contents().scale if number else before.scale)

    write_pack(folder, tiny_contents(styles=1))  # the next one clears up
    assert len(load_weights(read_pack(folder)).scale) == 1
    assert not [file for file in folder.iterdir() if file.suffix in (".new", ".part")]


def test_after_a_kill_a_full_disk_costs_nothing(folder: Path) -> None:
    """The weights that pack.toml means must not be in the way of the next ones."""
    killed_before_rename(folder, 1)
    meant = load_weights(read_pack(folder)).scale
    (folder / "pack.toml.part").unlink(missing_ok=True)
    (folder / "pack.toml.part").mkdir()
    with pytest.raises(PackError, match="can't write the pack"):
        write_pack(folder, tiny_contents(styles=1))
    assert torch.equal(load_weights(read_pack(folder)).scale, meant)


def test_a_kill_leaves_a_twin_that_is_the_packs(folder: Path, tmp_path: Path) -> None:
    add_twin(read_pack(folder), read_pack(other_training(tmp_path / "other")))
    (folder / TWIN_FILE).rename(folder / f"{TWIN_FILE}.new")
    pack = read_pack(folder)
    assert torch.equal(load_weights(pack, twin=True).scale, 1.5 * load_weights(pack).scale)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_and_leaves_the_pack(folder: Path) -> None:
    before = load_weights(read_pack(folder)).scale
    (folder / "pack.toml.part").symlink_to("/dev/full")
    with pytest.raises(PackError, match=r"No space left on device: make room, then use --resume"):
        write_pack(folder, other_contents())
    assert torch.equal(load_weights(read_pack(folder)).scale, before)
    assert not [file for file in folder.iterdir() if file.suffix in (".new", ".part")]
