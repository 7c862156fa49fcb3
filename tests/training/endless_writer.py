"""Writes one checkpoint after the other until it is killed. Argument: the file."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import torch

from murai.training.checkpoint import write_checkpoint

if __name__ == "__main__":
    for number in count(1):
        write_checkpoint(Path(sys.argv[1]), {"number": number, "weights": torch.full((2_000_000,), float(number))})
