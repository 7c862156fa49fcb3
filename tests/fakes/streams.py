"""A real HTTP server on loopback, and live streams for it to send."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

from tests.sources.clips import Recipe, moving, units

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, Event, list[str]]]:
    """A server's address, the event that ends its answers, and the targets that were asked for."""
    over, asked = Event(), list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            with suppress(BrokenPipeError, ConnectionResetError):
                answer(self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.over = over  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", over, asked
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def live_jpegs(count: int, then: Answer) -> Answer:
    """A webcam's stream of JPEGs: `count` pictures, then what `then` does."""
    recipe = Recipe("mjpeg", "yuvj420p", options={}, colour={"color_range": 2})
    pictures = units(moving(count), recipe)

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace;boundary=cut")
        request.end_headers()
        for picture in pictures:
            head = f"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            request.wfile.write(head.encode() + picture + b"\r\n")
        then(request)

    return answer


def say_nothing(request: BaseHTTPRequestHandler) -> None:
    request.server.over.wait(30)  # type: ignore[attr-defined]


def hang_up(request: BaseHTTPRequestHandler) -> None: ...
