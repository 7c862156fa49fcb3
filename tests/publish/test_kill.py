"""kill -9 at random points: no picture that was queued is lost, and none is posted twice."""

import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from murai.publish.outbox import Outbox
from tests.fakes.twitter_server import TWEETS, UPLOAD, Answer, CutAfter, CutBefore, FakeTwitter, TakenButSaid

ROOT = Path(__file__).parents[2]
KILLS = 15
FAULTS = (Answer(503), CutBefore(), CutAfter(), TakenButSaid(503), TakenButSaid(500))


def show(folder: Path, url: str, what: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.publish.killed_show", str(folder), url, what]
    started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "working\n"
    return started


def kill_after(folder: Path, url: str, wait_s: float) -> None:
    with show(folder, url, "take") as killed:
        time.sleep(wait_s)
        assert killed.poll() is None
        killed.kill()


@pytest.mark.timeout(240)
def test_no_queued_picture_is_lost_and_none_is_posted_twice(tmp_path: Path) -> None:
    chance = random.Random(1889)
    with FakeTwitter() as twitter:
        for _ in range(KILLS):
            twitter.misbehave(TWEETS, *chance.choices(FAULTS, k=2))
            twitter.misbehave(UPLOAD, *chance.choices(FAULTS, k=1))
            kill_after(tmp_path, twitter.url, chance.uniform(0.0, 0.5))
        with show(tmp_path, twitter.url, "finish") as last:
            assert last.wait(60) == 0
        tweets, asked = list(twitter.tweets), twitter.paths()
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        posts = outbox.posts()
    assert len(posts) >= KILLS
    assert {str(post.state) for post in posts} == {"done"}

    # Each post is public once, with its own picture, whole.
    codes = Counter(re.findall(r"#(\w+)$", tweet.text)[0] for tweet in tweets)
    assert codes == Counter(post.code for post in posts)
    pictures = {post.text: post.picture.read_bytes() for post in posts}
    assert {tweet.text: tweet.pictures for tweet in tweets} == {text: (whole,) for text, whole in pictures.items()}

    # A kill between saving and queuing keeps the picture: at most one a kill. Nothing half written is left.
    saved = sorted(path for path in (tmp_path / "pictures").rglob("*") if path.is_file())
    assert {post.picture for post in posts} <= set(saved)
    assert len(saved) - len(posts) <= KILLS
    for path in saved:
        with Image.open(path) as picture:
            picture.load()
    # The play was worth it: some posts were tried again after they had been taken.
    assert asked.count(TWEETS) > len(tweets)
