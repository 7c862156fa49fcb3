"""A show without pictures: takes snapshots as fast as it may and posts them, until somebody kills it.

killed_show.py FOLDER URL take      until killed
killed_show.py FOLDER URL finish    takes none, posts what waits, ends
"""

from __future__ import annotations

import itertools
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np

from murai.config import SnapshotConfig
from murai.core.worker import Worker
from murai.errors import SnapshotError
from murai.publish.outbox import Outbox
from murai.publish.publisher import Pace, PublisherLoop
from murai.publish.service import Posting, SnapshotService, Taken
from murai.publish.snapshot import sweep_folder
from murai.publish.text import Credit, PostTexts
from murai.publish.twitter import TwitterPublisher
from tests.publish.posting import KEYS, QUICK, twitter_config

# Short waits for answers and long ones for the network: what is killed is mostly in the middle of something.
PACE = Pace(poll_s=0.005, first_wait_s=0.02, longest_wait_s=0.05, probe_s=QUICK.probe_s, leave_s=QUICK.leave_s)


def main(folder: Path, url: str, finish: bool) -> None:
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    sweep_folder(pictures)
    config = SnapshotConfig(folder=pictures, cancel_s=0.0)
    twitter = twitter_config(url, timeout_s=1.0)
    outbox = Outbox(folder / "outbox.sqlite")
    service = SnapshotService(config, Posting(outbox, PostTexts(twitter)), lambda event: None)
    loop = PublisherLoop(outbox, TwitterPublisher(KEYS, twitter), 1000, PACE)
    with (
        Worker("snapshots", service.run, lambda cause: None),
        Worker("publisher", loop.run, lambda cause: None),
    ):
        # Whoever reads this line knows that a kill from now on hits the show at work.
        sys.stdout.write("working\n")
        sys.stdout.flush()
        for shade in itertools.count():
            if not finish:
                take(service, shade % 256)
            elif outbox.waiting() == 0:
                return
            time.sleep(0.02)


def take(service: SnapshotService, shade: int) -> None:
    rgb = np.full((48, 64, 3), shade, np.uint8)
    try:
        service.take(Taken(rgb, Credit("Nuit étoilée", "Vincent van Gogh"), datetime.now().astimezone()))
    except SnapshotError:
        return


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "finish")
