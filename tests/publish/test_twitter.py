import logging
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from murai.config import TwitterConfig
from murai.errors import PostLater, PostRefused, PostUncertain, PublisherPaused
from murai.publish.credentials import TwitterKeys
from murai.publish.posts import Media, Post, PostState
from murai.publish.publisher import Posted
from murai.publish.twitter import TwitterPublisher
from tests.fakes.twitter_server import (
    METADATA,
    OLD_METADATA,
    OLD_UPLOAD,
    TWEETS,
    UPLOAD,
    Answer,
    CutAfter,
    CutBefore,
    FakeTwitter,
    Fault,
    Keys,
    Silent,
    TakenButSaid,
)

KEYS = TwitterKeys(**vars(Keys()))
TEXT = "Painted after “Nuit étoilée” (100% & more) #murai #BQ7K2M 睡蓮"
VARIABLES = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def twitter() -> Iterator[FakeTwitter]:
    with FakeTwitter() as server:
        yield server


@pytest.fixture
def publisher(twitter: FakeTwitter) -> Iterator[TwitterPublisher]:
    made = TwitterPublisher(KEYS, config(twitter))
    yield made
    made.close()


def config(twitter: FakeTwitter, **others: object) -> TwitterConfig:
    told = {"api_url": twitter.url, "upload_url": twitter.url, "timeout_s": 5.0} | others
    return TwitterConfig.model_validate(told)


@pytest.fixture
def post(tmp_path: Path) -> Post:
    picture = tmp_path / "picture.jpg"
    noise = np.random.default_rng(5).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(picture, quality=92)
    return a_post(picture)


def a_post(picture: Path) -> Post:
    return Post(
        id=1, code="BQ7K2M", state=PostState.SENDING, picture=picture, text=TEXT, alt_text="A wave, “great”",
        attempts=1, not_before_unix_s=0.0, created_unix_s=0.0, changed_unix_s=0.0, media=None, last_error="",
        public_id="", url="",
    )  # fmt: skip


def send(publisher: TwitterPublisher, post: Post) -> Posted:
    return publisher.post(post, publisher.upload(post))


def test_picture_description_and_text_arrive_whole(
    twitter: FakeTwitter, publisher: TwitterPublisher, post: Post
) -> None:
    posted = send(publisher, post)
    (tweet,) = twitter.tweets
    assert (tweet.text, tweet.alt_texts) == (TEXT, ("A wave, “great”",))
    assert tweet.pictures == (post.picture.read_bytes(),)
    assert posted == Posted(tweet.id, f"https://twitter.com/i/web/status/{tweet.id}")
    assert twitter.paths() == [UPLOAD, METADATA, TWEETS]


def test_the_old_media_api_by_config(twitter: FakeTwitter, post: Post) -> None:
    publisher = TwitterPublisher(KEYS, config(twitter, media_api="v1.1"))
    send(publisher, post)
    publisher.close()
    assert twitter.paths() == [OLD_UPLOAD, OLD_METADATA, TWEETS]
    assert twitter.tweets[0].alt_texts == ("A wave, “great”",)


def test_a_base_address_may_have_a_path(twitter: FakeTwitter, post: Post) -> None:
    publisher = TwitterPublisher(KEYS, config(twitter, api_url=f"{twitter.url}/gateway/"))
    with pytest.raises(PublisherPaused, match=r"404.*api_url"):
        publisher.upload(post)
    publisher.close()
    assert twitter.paths() == [f"/gateway{UPLOAD}"]


def test_a_wrong_secret_pauses_and_is_not_told(twitter: FakeTwitter, post: Post) -> None:
    wrong = TwitterKeys(KEYS.api_key, KEYS.api_secret, KEYS.access_token, "mistyped-secret")
    publisher = TwitterPublisher(wrong, config(twitter))
    with pytest.raises(PublisherPaused, match=r"401.*wrong signature.*four keys") as told:
        publisher.upload(post)
    publisher.close()
    assert "mistyped" not in str(told.value)


def test_a_media_id_lasts_as_long_as_twitter_says(
    twitter: FakeTwitter, publisher: TwitterPublisher, post: Post
) -> None:
    twitter.media_lasts_s = 3600
    left_s = publisher.upload(post).until_unix_s - time.time()
    assert 1800 < left_s < 3600


def test_the_same_text_again_is_done(twitter: FakeTwitter, publisher: TwitterPublisher, post: Post) -> None:
    send(publisher, post)
    assert send(publisher, post) == Posted("", "")
    assert len(twitter.tweets) == 1


DUPLICATE_V1 = {"errors": [{"code": 187, "message": "Status is a duplicate."}]}


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        (Answer(400, {"errors": [{"message": "Your text is odd."}]}), PostRefused, "400: Your text is odd."),
        (Answer(413), PostRefused, "413"),
        (Answer(401, {"detail": "Unauthorized"}), PublisherPaused, "401: Unauthorized"),
        (Answer(402, {"title": "CreditsDepleted", "detail": "No credits left."}), PublisherPaused, "No credits left."),
        (Answer(403, {"detail": "You are not permitted to do this."}), PublisherPaused, "not permitted"),
        (Answer(404, b"<html>"), PublisherPaused, "404: Not Found"),
        (Answer(408), PostLater, "408"),
        (Answer(500, []), PostLater, "500: Internal Server Error"),
        (Answer(503, {"errors": "odd", "detail": 7}), PostLater, "503: Service Unavailable"),
        (Answer(302, headers=(("Location", "/login"),)), PostLater, "elsewhere"),
        (Answer(200, b"<html>log in</html>"), PostUncertain, "no id"),
        (Answer(200, ["odd"]), PostUncertain, "no id"),
        (Answer(201, {"data": None}), PostUncertain, "no id"),
        (CutBefore(), PostUncertain, "broke"),
        (CutAfter(), PostUncertain, "broke"),
    ],
)
def test_what_a_post_that_fails_becomes(
    twitter: FakeTwitter, publisher: TwitterPublisher, post: Post, fault: Fault, error: type[Exception], told: str
) -> None:
    media = publisher.upload(post)
    twitter.misbehave(TWEETS, fault)
    with pytest.raises(error, match=told.replace(".", r"\.")):
        publisher.post(post, media)
    assert twitter.paths().count(TWEETS) == 1
    assert twitter.paths()[-1] == TWEETS


def test_duplicates_are_known_by_the_old_words_too(
    twitter: FakeTwitter, publisher: TwitterPublisher, post: Post
) -> None:
    media = publisher.upload(post)
    twitter.misbehave(TWEETS, Answer(403, DUPLICATE_V1))
    assert publisher.post(post, media) == Posted("", "")


def test_a_cut_after_the_post_was_taken_ends_as_one_post(
    twitter: FakeTwitter, publisher: TwitterPublisher, post: Post
) -> None:
    media = publisher.upload(post)
    twitter.misbehave(TWEETS, CutAfter(), TakenButSaid(503))
    with pytest.raises(PostUncertain):
        publisher.post(post, media)
    with pytest.raises(PostLater):
        publisher.post(post, media)
    assert publisher.post(post, media) == Posted("", "")
    assert twitter.texts() == [TEXT]


def test_silence_ends_after_the_time_out(twitter: FakeTwitter, post: Post) -> None:
    publisher = TwitterPublisher(KEYS, config(twitter, timeout_s=0.5))
    media = publisher.upload(post)
    twitter.misbehave(TWEETS, Silent())
    with pytest.raises(PostUncertain, match=r"no answer within 0\.5 s"):
        publisher.post(post, media)
    twitter.misbehave(UPLOAD, Silent())
    with pytest.raises(PostLater, match=r"no answer within 0\.5 s"):
        publisher.upload(post)
    publisher.close()


def test_no_server_is_later_and_nothing_was_taken(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    publisher = TwitterPublisher(KEYS, TwitterConfig(api_url=f"http://127.0.0.1:{port}", timeout_s=5.0))
    with pytest.raises(PostLater, match=r"no connection to 127\.0\.0\.1"):
        publisher.post(post, Media("1", 2e9))
    publisher.close()
    publisher = TwitterPublisher(KEYS, TwitterConfig(api_url="http://nowhere.invalid", timeout_s=5.0))
    with pytest.raises(PostLater, match=r"no connection to nowhere\.invalid"):
        publisher.post(post, Media("1", 2e9))
    publisher.close()


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ((("x-rate-limit-reset", "{now+120}"),), 120),
        ((("x-rate-limit-reset", "{now-50}"),), 0),
        ((("x-rate-limit-reset", "{now+9999999}"),), 25 * 3600),
        ((("x-rate-limit-reset", "soon"),), 900),
        ((), 900),
        (
            (
                ("x-rate-limit-reset", "{now+120}"),
                ("x-user-limit-24hour-remaining", "0"),
                ("x-user-limit-24hour-reset", "{now+7200}"),
                ("x-app-limit-24hour-remaining", "7"),
                ("x-app-limit-24hour-reset", "{now+9000}"),
            ),
            7200,
        ),
    ],
)
def test_a_rate_limit_says_when_to_come_back(
    twitter: FakeTwitter,
    publisher: TwitterPublisher,
    post: Post,
    headers: tuple[tuple[str, str], ...],
    expected_s: float,
) -> None:
    told = tuple((name, _times(value, time.time())) for name, value in headers)
    twitter.misbehave(TWEETS, Answer(429, {"detail": "Too Many Requests"}, told))
    with pytest.raises(PostLater, match="429") as later:
        publisher.post(post, Media("1", 2e9))
    assert later.value.retry_at_unix_s == pytest.approx(time.time() + expected_s, abs=5)


def test_a_rate_limit_is_counted_by_the_servers_clock(
    twitter: FakeTwitter, publisher: TwitterPublisher, post: Post
) -> None:
    there = time.time() + 86400 * 300
    headers = (("Date", formatdate(there, usegmt=True)), ("x-rate-limit-reset", str(int(there) + 60)))
    twitter.misbehave(TWEETS, Answer(429, {}, headers))
    with pytest.raises(PostLater) as later:
        publisher.post(post, Media("1", 2e9))
    assert later.value.retry_at_unix_s == pytest.approx(time.time() + 60, abs=5)


def _times(value: str, now_s: float) -> str:
    return str(int(now_s + float(value[4:-1]))) if value.startswith("{now") else value


def test_a_refused_description_costs_the_description_only(
    twitter: FakeTwitter, publisher: TwitterPublisher, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    twitter.misbehave(METADATA, Answer(400))
    send(publisher, post)
    assert twitter.tweets[0].alt_texts == ("",)
    assert "without its description" in caplog.text


def test_a_picture_that_is_gone_or_none_is_refused(publisher: TwitterPublisher, tmp_path: Path) -> None:
    with pytest.raises(PostRefused, match="is gone"):
        publisher.upload(a_post(tmp_path / "gone.jpg"))
    (tmp_path / "text.jpg").write_text("not a picture")
    with pytest.raises(PostRefused, match="no whole picture"):
        publisher.upload(a_post(tmp_path / "text.jpg"))


def test_a_picture_too_large_for_twitter_is_made_smaller(
    twitter: FakeTwitter, publisher: TwitterPublisher, tmp_path: Path
) -> None:
    noise = np.random.default_rng(5).integers(0, 255, (1300, 1400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png", compress_level=1)
    publisher.upload(a_post(tmp_path / "large.png"))
    (sent,) = twitter.uploads.values()
    assert sent.startswith(b"\xff\xd8")
    assert len(sent) <= 5_000_000


def test_nothing_of_the_keys_is_logged(
    publisher: TwitterPublisher, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(publisher, post)
    assert "127.0.0.1" in caplog.text
    for key in vars(Keys()).values():
        assert key not in caplog.text
    assert "oauth" not in caplog.text.lower()


def test_the_usual_proxy_variables_are_honoured(
    twitter: FakeTwitter, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", twitter.url)
    publisher = TwitterPublisher(KEYS, config(twitter, api_url="http://api.example.invalid"))
    send(publisher, post)
    publisher.close()
    assert twitter.requests[-1].target == f"http://api.example.invalid{TWEETS}"
    assert twitter.texts() == [TEXT]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificate")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    command += f" -keyout {folder}/key.pem -out {folder}/certificate.pem"
    subprocess.run(command.split(), check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "certificate.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_usual_certificate_variables_are_honoured(
    certificate: Path, post: Post, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with FakeTwitter(https=certificate) as twitter:
        publisher = TwitterPublisher(KEYS, config(twitter))
        with pytest.raises(PostLater, match="certificate"):
            send(publisher, post)
        publisher.close()
        monkeypatch.setenv(variable, os.fspath(certificate))
        publisher = TwitterPublisher(KEYS, config(twitter))
        send(publisher, post)
        publisher.close()
        assert twitter.texts() == [TEXT]
