"""An HTTP session whose every failure is one of Murai's errors, and says whether the request may have been taken."""

from __future__ import annotations

import email.utils
import logging
import os
import time
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ProxyError

from murai.errors import PostDuplicate, PostLater, PostRefused, PostUncertain, PublisherPaused, PublishError

RATE_WAIT_S = 900.0
"""How long to wait where a 429 doesn't say: the usual window."""
_LONGEST_RATE_WAIT_S = 25 * 3600.0


class Session(requests.Session):
    """Sends to other base addresses where told, always with a time-out, once, without redirects.

    Proxies and certificates come from the usual variables (HTTPS_PROXY, NO_PROXY, REQUESTS_CA_BUNDLE,
    CURL_CA_BUNDLE, SSL_CERT_FILE). Used by one thread at a time.

    bases: address that a caller asks for, and the one that is asked instead. This happens before
        signing, so the signature is right for the server that checks it. (An adapter comes after.)
    """

    def __init__(self, bases: dict[str, str], timeout_s: float) -> None:
        super().__init__()
        self._bases = bases
        self._timeout_s = timeout_s
        # A post that is redirected becomes a GET, and a booth's Wi-Fi likes to redirect.
        self.max_redirects = 0
        self.headers["Connection"] = "close"
        if os.environ.get("SSL_CERT_FILE"):
            self.verify = os.environ["SSL_CERT_FILE"]

    def request(self, method: str, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As in requests, but answers only with 2xx.

        Raises:
            PostDuplicate: 403 with "duplicate content".
            PublisherPaused: 401, 402, other 403, 404 and 407: nobody's post will be taken.
            PostRefused: 400 and other 4xx: this one won't.
            PostLater: 429, 5xx, and no connection: nothing was taken.
            PostUncertain: the connection ended before the answer.
        """
        address = self._elsewhere(url if isinstance(url, str) else url.decode())
        kwargs.setdefault("timeout", self._timeout_s)
        try:
            response = super().request(method, address, *args, **kwargs)
        except requests.RequestException as fault:
            raise _unanswered(fault, urlsplit(address).hostname or address, self._timeout_s) from fault
        finally:
            # No connection is used twice: one that has died meanwhile looks like a post that may have been taken.
            self.close()
        if not response.ok:
            raise _refusal(response)
        return response

    def _elsewhere(self, url: str) -> str:
        for usual, other in self._bases.items():
            if url.startswith(f"{usual}/"):
                return other.rstrip("/") + url.removeprefix(usual)
        return url


def hush_signing_logs() -> None:
    """Keeps the signing libraries from logging keys and whole pictures when everything else is logged."""
    for name in ("oauthlib", "requests_oauthlib", "tweepy"):
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.INFO))


def _unanswered(fault: requests.RequestException, host: str, timeout_s: float) -> PublishError:
    if isinstance(fault, requests.TooManyRedirects):
        return PostLater(f"{host} sends requests elsewhere", "log in to this network first, or check twitter.api_url")
    if isinstance(fault, requests.exceptions.SSLError):
        return PostLater(
            f"the certificate of {host} is not trusted", "check the clock, the network's log-in page and CA variables"
        )
    if isinstance(fault, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return PublisherPaused(f"{host} is no address to post to", "check twitter.api_url and the proxy variables")
    if isinstance(fault, (requests.exceptions.ProxyError, requests.ConnectTimeout)) or _never_connected(fault):
        return PostLater(f"no connection to {host}", "check the network")
    if isinstance(fault, requests.ReadTimeout):
        return PostUncertain(f"{host} gave no answer within {timeout_s:g} s", "check the network")
    return PostUncertain(f"the connection to {host} broke before its answer", "check the network")


def _never_connected(fault: requests.RequestException) -> bool:
    inner = fault.args[0] if fault.args else None
    reason = getattr(inner, "reason", inner)
    return isinstance(reason, (NewConnectionError, NameResolutionError, ConnectTimeoutError, ProxyError))


def _refusal(response: requests.Response) -> PublishError:
    status, said = response.status_code, _said(response)
    told = f"Twitter answered {status}: {said}"
    if status == 403 and ("duplicate content" in said.lower() or "status is a duplicate" in said.lower()):
        return PostDuplicate(told)
    if status == 401:
        return PublisherPaused(told, "check the four keys and the clock")
    if status == 402:
        return PublisherPaused(told, "the account is out of credit: see the developer portal")
    if status == 403:
        return PublisherPaused(told, "check that the application may write, and that the account is not locked")
    if status in (404, 407):
        return PublisherPaused(told, "check twitter.api_url, twitter.upload_url and the proxy variables")
    if status == 429:
        return PostLater(told, "wait", retry_at_unix_s=time.time() + _rate_wait_s(response))
    if status >= 500 or status in (408, 425):
        return PostLater(told, "wait")
    return PostRefused(told, "see its text and picture")


def _rate_wait_s(response: requests.Response) -> float:
    """Until the last limit that is used up is lifted, by the server's own clock: a booth's may be wrong."""
    headers = response.headers
    resets = [headers.get("x-rate-limit-reset")]
    for scope in ("app", "user"):
        if headers.get(f"x-{scope}-limit-24hour-remaining") == "0":
            resets.append(headers.get(f"x-{scope}-limit-24hour-reset"))
    times_s = [float(reset) for reset in resets if reset is not None and reset.strip().isdecimal()]
    if not times_s:
        return RATE_WAIT_S
    return min(max(max(times_s) - _server_time_s(response), 0.0), _LONGEST_RATE_WAIT_S)


def _server_time_s(response: requests.Response) -> float:
    try:
        return email.utils.parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return time.time()


def _said(response: requests.Response) -> str:
    """The reason in an answer of API v2 or v1.1, or else HTTP's own word for it; never more than a line."""
    try:
        body = response.json()
    except ValueError:
        body = None
    told: list[str] = []
    if isinstance(body, dict):
        errors = body.get("errors")
        for part in (body, *(errors if isinstance(errors, list) else ())):
            if isinstance(part, dict):
                told += [part[name] for name in ("detail", "message") if isinstance(part.get(name), str)]
    return "; ".join(dict.fromkeys(told))[:300] or response.reason or "no reason given"
