"""A Twitter on loopback: checks signatures, keeps pictures and posts, refuses duplicates, and fails as told.

with FakeTwitter(keys) as twitter:
    twitter.misbehave(TWEETS, Answer(503), CutAfter())
    ...
    assert [tweet.text for tweet in twitter.tweets] == [...]
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

UPLOAD, METADATA, TWEETS = "/2/media/upload", "/2/media/metadata", "/2/tweets"
OLD_UPLOAD, OLD_METADATA = "/1.1/media/upload.json", "/1.1/media/metadata/create.json"


@dataclass(frozen=True)
class Keys:
    """The application's and the account's, with characters in them that must be escaped."""

    api_key: str = "the+api/key"
    api_secret: str = "the=api&secret"
    access_token: str = "12345-the access%token"
    access_secret: str = "the~access secret"


@dataclass(frozen=True)
class Answer:
    """Nothing is taken; this is answered."""

    status: int
    body: Any = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CutBefore:
    """The connection ends before anything is taken."""


@dataclass(frozen=True)
class CutAfter:
    """It is taken; the connection ends before the answer."""


@dataclass(frozen=True)
class Silent:
    """Neither taken nor answered, until the server ends."""


@dataclass(frozen=True)
class TakenButSaid:
    """It is taken; this is answered nevertheless."""

    status: int
    body: Any = field(default_factory=dict)


Fault = Answer | CutBefore | CutAfter | Silent | TakenButSaid


@dataclass(frozen=True)
class Tweet:
    id: str
    text: str
    pictures: tuple[bytes, ...]
    alt_texts: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    target: str


class FakeTwitter:
    """An HTTP server in threads of its own; `https` is a file with a certificate and its key."""

    def __init__(self, keys: Keys | None = None, https: Path | None = None) -> None:
        self.keys = keys or Keys()
        self.lock = threading.Lock()
        self.tweets: list[Tweet] = []
        self.requests: list[Request] = []
        self.uploads: dict[str, bytes] = {}
        self.alt_texts: dict[str, str] = {}
        self.nonces: set[str] = set()
        self.ending = threading.Event()
        self.media_lasts_s = 86400
        self._faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._scheme = "https" if https else "http"
        twitter = self

        class Handler(_Handler):
            server_twitter = twitter

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if https:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(https)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FakeTwitter:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)

    def misbehave(self, path: str, *faults: Fault) -> None:
        """The next requests to this path meet these faults, one each."""
        with self.lock:
            self._faults[path].extend(faults)

    def next_fault(self, path: str) -> Fault | None:
        with self.lock:
            return self._faults[path].popleft() if self._faults[path] else None

    def paths(self) -> list[str]:
        """What was asked for so far, in order."""
        with self.lock:
            return [request.path for request in self.requests]

    def texts(self) -> list[str]:
        with self.lock:
            return [tweet.text for tweet in self.tweets]

    # What is done with a request whose signature is right.

    def take(self, path: str, body: bytes, content_type: str) -> tuple[int, Any]:
        with self.lock:
            if path in (UPLOAD, OLD_UPLOAD):
                return self._take_picture(path, _multipart(body, content_type))
            if path in (METADATA, OLD_METADATA):
                return self._take_alt_text(path, json.loads(body))
            if path == TWEETS:
                return self._take_tweet(json.loads(body))
            return 404, {"title": "Not Found", "detail": f"no such endpoint: {path}"}

    def _take_picture(self, path: str, parts: dict[str, bytes]) -> tuple[int, Any]:
        if parts.get("media_category") != b"tweet_image" or not parts.get("media"):
            return 400, {"errors": [{"message": "media and media_category are required"}]}
        media_id = str(10**18 + len(self.uploads))
        self.uploads[media_id] = parts["media"]
        if path == OLD_UPLOAD:
            told = {"media_id": int(media_id), "media_id_string": media_id, "expires_after_secs": self.media_lasts_s}
            return 200, told
        return 200, {"data": {"id": media_id, "media_key": f"3_{media_id}", "expires_after_secs": self.media_lasts_s}}

    def _take_alt_text(self, path: str, body: Any) -> tuple[int, Any]:
        media_id, alt = (
            (body["media_id"], body["alt_text"]) if path == OLD_METADATA else (body["id"], body["metadata"]["alt_text"])
        )
        if media_id not in self.uploads:
            return 400, {"errors": [{"message": "no such media"}]}
        self.alt_texts[media_id] = alt["text"]
        return 200, {"data": {"id": media_id}}

    def _take_tweet(self, body: Any) -> tuple[int, Any]:
        media_ids = body["media"]["media_ids"]
        if any(media_id not in self.uploads for media_id in media_ids):
            return 400, {"errors": [{"message": "Your media IDs are invalid."}], "title": "Invalid Request"}
        if any(tweet.text == body["text"] for tweet in self.tweets):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return 403, {"title": "Forbidden", "status": 403, "detail": detail, "type": "about:blank"}
        tweet = Tweet(
            id=str(2 * 10**18 + len(self.tweets)),
            text=body["text"],
            pictures=tuple(self.uploads[media_id] for media_id in media_ids),
            alt_texts=tuple(self.alt_texts.get(media_id, "") for media_id in media_ids),
        )
        self.tweets.append(tweet)
        return 201, {"data": {"id": tweet.id, "text": tweet.text}}

    def signature_fault(self, method: str, url: str, header: str, form: list[tuple[str, str]]) -> str:
        """Why the OAuth 1.0a signature is wrong (RFC 5849, section 3), or an empty string."""
        kind, _, rest = header.partition(" ")
        if kind != "OAuth":
            return "no OAuth header"
        pairs = (part.strip().partition("=") for part in rest.split(","))
        oauth = {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}
        if (oauth.get("oauth_consumer_key"), oauth.get("oauth_token")) != (self.keys.api_key, self.keys.access_token):
            return "unknown key or token"
        if abs(time.time() - int(oauth["oauth_timestamp"])) > 300:
            return "time-stamp out of bounds"
        with self.lock:
            if oauth["oauth_nonce"] in self.nonces:
                return "nonce used twice"
            self.nonces.add(oauth["oauth_nonce"])
        if oauth["oauth_signature_method"] != "HMAC-SHA1":
            return "unknown method"
        signed = [*((name, value) for name, value in oauth.items() if name != "oauth_signature"), *form]
        expected = self._signature(method, url, signed)
        return "" if hmac.compare_digest(expected, oauth["oauth_signature"]) else "wrong signature"

    def _signature(self, method: str, url: str, pairs: list[tuple[str, str]]) -> str:
        parts = urlsplit(url)
        pairs = [*pairs, *parse_qsl(parts.query, keep_blank_values=True)]
        listed = "&".join(f"{name}={value}" for name, value in sorted((_escaped(n), _escaped(v)) for n, v in pairs))
        base = "&".join((method, _escaped(f"{parts.scheme}://{parts.netloc}{parts.path}"), _escaped(listed)))
        key = f"{_escaped(self.keys.api_secret)}&{_escaped(self.keys.access_secret)}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_twitter: FakeTwitter

    def do_POST(self) -> None:
        twitter = self.server_twitter
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        # A client that goes through a proxy asks for the whole address.
        url = self.path if "://" in self.path else f"{twitter.url}{self.path}"
        path = urlsplit(url).path
        with twitter.lock:
            twitter.requests.append(Request(path, dict(self.headers.items()), self.path))
        fault = twitter.next_fault(path)
        if isinstance(fault, Silent):
            twitter.ending.wait(60.0)
            return self._cut()
        if isinstance(fault, CutBefore):
            return self._cut()
        if isinstance(fault, Answer):
            return self._answer(fault.status, fault.body, fault.headers)
        content_type = self.headers.get("Content-Type", "")
        form = parse_qsl(body.decode()) if content_type.startswith("application/x-www-form-urlencoded") else []
        wrong = twitter.signature_fault("POST", url, self.headers.get("Authorization", ""), form)
        if wrong:
            return self._answer(401, {"title": "Unauthorized", "detail": f"Unauthorized: {wrong}", "status": 401})
        status, told = twitter.take(path, body, content_type)
        if isinstance(fault, CutAfter):
            return self._cut()
        if isinstance(fault, TakenButSaid):
            return self._answer(fault.status, fault.body)
        return self._answer(status, told)

    def _answer(self, status: int, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> None:
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response_only(status)
        usual = {
            "Date": self.date_time_string(),
            "Content-Type": "application/json",
            "Content-Length": str(len(encoded)),
        }
        for name, value in (usual | dict(headers)).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(encoded)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def handle(self) -> None:
        # A client that was killed or gave up is part of the play.
        try:
            super().handle()
        except ConnectionError:
            return

    def log_message(self, form: str, *args: Any) -> None:
        """Says nothing: the tests look at `requests`."""


def _escaped(text: str) -> str:
    return quote(text, safe="~")


def _multipart(body: bytes, content_type: str) -> dict[str, bytes]:
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    return {
        str(part.get_param("name", header="content-disposition")): bytes(part.get_payload(decode=True) or b"")
        for part in message.iter_parts()
    }
