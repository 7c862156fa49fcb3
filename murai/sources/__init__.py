"""Where pictures come from: cameras, files, streams and a drawn scene; and their decoders.

Loads neither torch nor OpenGL. Only `open_decoder` loads torch, when it is called.
"""

from murai.sources.capture import capture, decoded_frames
from murai.sources.decoders import open_decoder
from murai.sources.open import OpenedSource, open_source
from murai.sources.uri import Playback, SourceSpec, parse_source

__all__ = [
    "OpenedSource",
    "Playback",
    "SourceSpec",
    "capture",
    "decoded_frames",
    "open_decoder",
    "open_source",
    "parse_source",
]
