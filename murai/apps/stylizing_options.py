"""What `murai stylize` was told, as it is kept beside the result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from murai.apps.settings_files import kept_settings
from murai.config import parse_model
from murai.errors import ConfigError
from murai.imaging.colour import ColourSpace
from murai.stylize.pack import WEIGHTS_FILE, Pack

COMMAND = "stylize"


class Shard(BaseModel):
    """One part of the work: `number`, from 1, of `of`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: int
    of: int

    @property
    def label(self) -> str:
        """As it stands in file names: sorted by name is sorted by number."""
        return f"{self.number:0{len(str(self.of))}d}-of-{self.of}"


class StylizeOptions(BaseModel):
    """All of them. Colours, sizes and parts are those of the result unless said otherwise.

    input: a picture, a folder, a film, or a source's URI. output: file, or folder for a folder.
    pack: name or folder. styles, outside: "NAME" or "NAME:SHARE" each. mix: see `parse_timeline`.
    steady: films are steadied, see `murai.stylize.steadying`.
    mask: where to paint; `outside` is what is painted elsewhere, nothing by default.
    size: width and height to fit into, px. crop: left, top, width and height in the input, px.
    png: pictures as PNG, films as folders of PNG frames. crf: x264's quality.
    seconds: no more of a film than that. lead_in_s: how much is followed before a piece begins.
    shard: only this part of the work. join: put so many pieces together instead of painting.
    batch: pictures of one size that a GPU paints at once.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    input: str
    output: Path
    pack: str = "auto"
    styles: tuple[str, ...] = ()
    mix: str = ""
    mask: Path | None = None
    outside: tuple[str, ...] = ()
    strength: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    own_colours: ColourSpace | None = None
    steady: bool = True
    size: tuple[int, int] | None = None
    crop: tuple[int, int, int, int] | None = None
    png: bool = False
    crf: Annotated[int, Field(ge=0, le=51)] = 18
    seconds: Annotated[float, Field(gt=0.0)] | None = None
    lead_in_s: Annotated[float, Field(ge=0.0)] = 10.0
    shard: Shard | None = None
    join: Annotated[int, Field(ge=1)] | None = None
    batch: Annotated[int, Field(ge=1)] = 8
    resume: bool = False
    device: Literal["auto", "cpu", "cuda"] = "auto"


# What says where and how far, not what it looks like.
_WORK = {"input", "output", "shard", "join", "batch", "resume", "device", "lead_in_s"}


def parse_shard(text: str) -> Shard:
    """Of "K/N". Raises: ConfigError: it is none."""
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip())
    number, of = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= of:
        raise ConfigError(f"--shard {text} is no part of the work", "write it as K/N, with K from 1 to N, such as 2/8")
    return Shard(number=number, of=of)


def parse_crop(text: str) -> tuple[int, int, int, int]:
    """Of "X,Y,WIDTH,HEIGHT" in px. Raises: ConfigError: it is none."""
    found = re.fullmatch(r"([0-9]+),([0-9]+),([1-9][0-9]*),([1-9][0-9]*)", text.replace(" ", ""))
    if not found:
        raise ConfigError(f"--crop {text} is no part of a picture", "write it as x,y,width,height in px")
    x, y, width, height = map(int, found.groups())
    return x, y, width, height


def make_options(given: dict[str, Any], origin: str = COMMAND) -> StylizeOptions:
    """Of a table; `origin` is what it came from, for people.

    Raises:
        ConfigError: a value can't be used, or two options contradict each other.
    """
    options = parse_model(StylizeOptions, given, origin)
    if options.styles and options.mix:
        raise ConfigError("stylize: --style and --mix both say in which style", "give one of them")
    if options.outside and options.mask is None:
        raise ConfigError("stylize: --outside has no mask to be outside of", "give --mask FILE as well")
    if options.shard and options.join:
        raise ConfigError("stylize: --shard paints pieces, --join puts them together", "give one of them")
    return options


def settings_of(options: StylizeOptions, pack: Pack) -> dict[str, Any]:
    """What is written beside the result, and read by `--from`; a stream's user name and password are left out."""
    whole = _absolute(options)
    said = whole.model_dump(mode="json", exclude={"resume"})
    said["input"] = re.sub(r"(?<=://)[^/@]*@", "", said["input"])
    files = [pack.folder.absolute() / WEIGHTS_FILE, *(Path(each) for each in (whole.input, whole.mask) if each)]
    facts = {"name": pack.facts.name, "sha256": pack.facts.network.sha256}
    return kept_settings(COMMAND, said, files) | {"pack": facts}


def _absolute(options: StylizeOptions) -> StylizeOptions:
    """With paths that hold in any folder."""
    input_ = Path(options.input).absolute() if Path(options.input).exists() else options.input
    mask = None if options.mask is None else options.mask.absolute()
    return options.model_copy(update={"input": str(input_), "output": options.output.absolute(), "mask": mask})


def frame_settings(folder: Path, shard: Shard) -> Path:
    """Where those of a piece's frames lie."""
    return folder / f"stylize.{shard.label}.json"


def looks_alike(options: StylizeOptions, settings: dict[str, Any]) -> bool:
    """Whether a result with these settings looks as one with these options would."""
    before = {name: value for name, value in settings["settings"].items() if name not in _WORK}
    return before == _absolute(options).model_dump(mode="json", exclude=_WORK)
