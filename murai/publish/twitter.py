"""Posting to Twitter, through tweepy: API v2, pictures by v2 or v1.1."""

from __future__ import annotations

import io
import logging
import time
from pathlib import Path
from typing import Any

import requests
import tweepy
from PIL import Image, UnidentifiedImageError

from murai.config import TwitterConfig
from murai.errors import PostDuplicate, PostLater, PostRefused, PostUncertain
from murai.publish.credentials import TwitterKeys
from murai.publish.posts import Media, Post
from murai.publish.publisher import Posted
from murai.publish.session import Session, hush_signing_logs

_API = "https://api.twitter.com"
_UPLOAD = "https://upload.twitter.com"
_LARGEST_BYTES = 5_000_000
_MEDIA_LASTS_S = 24 * 3600.0
_MEDIA_MARGIN_S = 600.0

log = logging.getLogger(__name__)


class TwitterPublisher:
    """Uploads pictures and posts them. Owned by the publisher thread; opens no connection before the first post."""

    def __init__(self, keys: TwitterKeys, config: TwitterConfig) -> None:
        hush_signing_logs()
        self._old_media = config.media_api == "v1.1"
        # Never wait_on_rate_limit: without a reset header tweepy calls itself until the stack is full.
        self._client = tweepy.Client(
            consumer_key=keys.api_key,
            consumer_secret=keys.api_secret,
            access_token=keys.access_token,
            access_token_secret=keys.access_secret,
            wait_on_rate_limit=False,
            return_type=requests.Response,
        )
        self._client.session = Session({_API: config.api_url, _UPLOAD: config.upload_url}, config.timeout_s)

    def close(self) -> None:
        self._client.session.close()

    def upload(self, post: Post) -> Media:
        """Hands the picture and its description over; nothing is public yet.

        Raises:
            PostRefused: the picture is gone or no picture, or isn't taken.
            PublisherPaused, PostLater: see `Session.request`.
        """
        picture, kind = _small_enough(post.picture)
        try:
            answer = self._send_picture(picture, kind)
            media = _media(answer)
            if post.alt_text:
                self._describe(media.id, post.alt_text)
        except PostUncertain as fault:
            # A picture that was taken twice does no harm: it shows nowhere until it is in a post.
            raise PostLater(fault.what, fault.remedy) from fault
        return media

    def post(self, post: Post, media: Media) -> Posted:
        """Makes it public.

        Raises:
            PostRefused, PublisherPaused, PostLater, PostUncertain: see `Session.request`.
        """
        try:
            response = self._client.create_tweet(text=post.text, media_ids=[media.id])
        except PostDuplicate:
            return Posted("", "")
        public_id = _field(_data(response), "id")
        if not public_id:
            raise PostUncertain("Twitter's answer to a post has no id in it", "see whether the post is there")
        return Posted(public_id, f"https://twitter.com/i/web/status/{public_id}")

    def _send_picture(self, picture: bytes, kind: str) -> dict[str, Any]:
        url = f"{_UPLOAD}/1.1/media/upload.json" if self._old_media else f"{_API}/2/media/upload"
        # Bytes, not an open file: a file that was read once sends nothing the second time.
        response = self._client.session.post(
            url,
            files={"media": (f"picture.{kind}", picture, f"image/{kind}")},
            data={"media_category": "tweet_image"},
            auth=self._auth(),
        )
        return _data(response)

    def _describe(self, media_id: str, alt_text: str) -> None:
        alt = {"text": alt_text}
        if self._old_media:
            url, body = f"{_UPLOAD}/1.1/media/metadata/create.json", {"media_id": media_id, "alt_text": alt}
        else:
            url, body = f"{_API}/2/media/metadata", {"id": media_id, "metadata": {"alt_text": alt}}
        try:
            self._client.session.post(url, json=body, auth=self._auth())
        except PostRefused as fault:
            log.warning("a picture is posted without its description: %s", fault)

    def _auth(self) -> Any:
        client = self._client
        return tweepy.OAuth1UserHandler(
            client.consumer_key, client.consumer_secret, client.access_token, client.access_token_secret
        ).apply_auth()


def _data(response: requests.Response) -> dict[str, Any]:
    """What a 2xx answer holds: v2 wraps it in `data`, v1.1 doesn't; a log-in page's HTML holds nothing."""
    try:
        body = response.json()
    except ValueError:
        return {}
    data = body.get("data", body) if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _field(data: dict[str, Any], *names: str) -> str:
    return next((str(data[name]) for name in names if data.get(name)), "")


def _media(data: dict[str, Any]) -> Media:
    media_id = _field(data, "id", "media_id_string")
    if not media_id:
        raise PostLater("Twitter's answer to a picture has no id in it", "check twitter.api_url and the network")
    lasts_s = data.get("expires_after_secs")
    known = isinstance(lasts_s, (int, float)) and lasts_s > 0
    return Media(media_id, time.time() + (float(lasts_s) if known and lasts_s else _MEDIA_LASTS_S) - _MEDIA_MARGIN_S)


def _small_enough(path: Path) -> tuple[bytes, str]:
    """The picture's bytes and "jpeg" or "png"; as a stronger JPEG where Twitter finds it too large."""
    try:
        whole = path.read_bytes()
    except FileNotFoundError as fault:
        raise PostRefused(f"the picture {path} is gone", "put it back, then retry") from fault
    except OSError as fault:
        raise PostLater(f"can't read {path}: {fault.strerror}", "check that disk") from fault
    try:
        with Image.open(io.BytesIO(whole), formats=("JPEG", "PNG")) as picture:
            if len(whole) <= _LARGEST_BYTES:
                return whole, (picture.format or "").lower()
            for quality in (92, 85, 75, 60, 40):
                smaller = io.BytesIO()
                picture.convert("RGB").save(smaller, "JPEG", quality=quality)
                if smaller.tell() <= _LARGEST_BYTES:
                    log.info("%s has %d bytes: posted as JPEG of quality %d", path, len(whole), quality)
                    return smaller.getvalue(), "jpeg"
    except (UnidentifiedImageError, OSError) as fault:
        raise PostRefused(f"{path} is no whole picture", "purge it from the outbox") from fault
    raise PostRefused(f"{path} is larger than {_LARGEST_BYTES} bytes in any quality", "make a smaller one")
