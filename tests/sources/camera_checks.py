"""What scripts/test-camera runs: `draw CLIP` beside the virtual machine, `check` inside it.

Inside, $VMCAM_BY_ID is the camera's lasting link, and steps written to $VMCAM_CONTROL happen to it.
Python is some twenty times slower there, so nothing here loads torch.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import islice, pairwise
from pathlib import Path
from threading import Event

from murai.core.media import Packet
from murai.core.statistics import FrameCounts
from murai.errors import CameraBusy, CameraError, CameraHung, CameraMissing, CameraUnsupported
from murai.sources import OpenedSource, open_source
from murai.sources.cameras import list_cameras
from murai.sources.pictures import PictureDecoder

SIZE_PX, FPS, FRAMES = (320, 180), 10, 50


def draw(clip: Path) -> None:
    """The drawn scene as an MP4 for the camera to show."""
    import av
    import numpy as np

    from murai.sources.scene import LENGTH_S, Scene

    scene = Scene(SIZE_PX, seed=1)
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", FPS)
        stream.width, stream.height = SIZE_PX
        for count in range(round(LENGTH_S * FPS)):
            frame = av.VideoFrame.from_ndarray(np.asarray(scene.draw(count / FPS)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def check() -> None:
    for part in (offers, formats, refusals, stall, damage, replug):
        started_s = time.monotonic()
        part()
        say(f"ok: {part.__name__} ({time.monotonic() - started_s:.1f} s)")
    expect("torch" not in sys.modules and "OpenGL" not in sys.modules, "the camera's part loads no torch")


def offers() -> None:
    cameras = list_cameras()
    expect(len(cameras) == 1 and cameras[0].stable_path == by_id(), f"one camera with its lasting link: {cameras}")
    fourccs = {mode.fourcc for mode in cameras[0].modes}
    expect(fourccs == {"H264", "MJPG", "YUYV"}, f"all three formats are listed: {fourccs}")
    with opened("auto?size=320x180") as camera:
        expect(camera.source.info.codec == "h264", "auto takes H.264")
        expect(str(by_id()) in camera.uri, f"and is opened again by {camera.uri}")


def formats() -> None:
    for form in ("h264", "mjpeg", "yuyv"):
        with opened(uri(form)) as camera:
            info = camera.source.info
            decoder = PictureDecoder(info)
            started_s = time.monotonic()
            packets = take(camera, FRAMES)
            pictures = [picture for packet in packets for picture in decoder.decode(packet)]
        expect((info.width_px, info.height_px, info.fps) == (*SIZE_PX, FPS), f"{form} as asked for: {info}")
        expect(len(pictures) == FRAMES and decoder.damaged == 0, f"{len(pictures)} of {FRAMES} in {form}")
        expect(min(picture.rgb.std() for picture in pictures) > 20, f"{form} shows something")
        stamps_s = [picture.captured_s for picture in pictures]
        gaps_s = [after - before for before, after in pairwise(stamps_s)]
        expect(min(gaps_s) > 0, f"{form}'s time-stamps rise")
        expect(abs(sum(gaps_s) / len(gaps_s) - 1 / FPS) < 0.05, f"{form}'s time-stamps are the camera's: {gaps_s}")
        expect(stamps_s[0] > started_s - 1, f"{form}'s time-stamps are on the monotonic clock")
        say(f"{form}: {len(pictures)} of {FRAMES}, {sum(len(packet.data) for packet in packets)} bytes")


def refusals() -> None:
    fails(CameraUnsupported, lambda: open_source(f"v4l2://{by_id()}?size=1920x1080"))
    fails(CameraMissing, lambda: open_source("/dev/video77"))
    with opened(uri("mjpeg")) as first:
        packets = first.source.packets(Event())
        next(packets)
        fails(CameraBusy, lambda: take(open_source(uri("mjpeg")), 1))
        expect(bool(next(packets)), "the first goes on")
        packets.close()


def stall() -> None:
    with opened(uri("h264")) as camera:
        packets = camera.source.packets(Event())
        for _ in range(10):
            next(packets)
        order("stall")
        last_s = time.monotonic()
        try:
            for _ in packets:
                last_s = time.monotonic()
        except CameraHung as fault:
            noticed_s = time.monotonic() - last_s
            say(f"noticed {noticed_s:.2f} s after the last packet: {fault}")
            expect(noticed_s < 2.0, "within 2 s")
    order("resume")
    with opened(uri("h264")) as camera:
        take(camera, 5)


def damage() -> None:
    for form in ("h264", "mjpeg"):
        order("damage 0.4")
        with opened(uri(form)) as camera:
            decoder = PictureDecoder(camera.source.info)
            packets = camera.source.packets(Event())
            counts = FrameCounts()
            for packet in islice(packets, 40):
                counts.decoded += len(decoder.decode(packet))
            lost = decoder.damaged + camera.source.damaged
            expect(lost > 0, f"damaged units are counted in {form}")
            order("clean")
            after = sum(len(decoder.decode(packet)) for packet in islice(packets, 40))
            packets.close()
            expect(after >= 30, f"{form} goes on: {after} of 40 after the damage")
        say(f"{form}: {counts.decoded} pictures of 40 while damaged, {lost} counted")


def replug() -> None:
    with opened(uri("h264")) as camera:
        node, again = by_id().resolve(), camera.uri
        packets = camera.source.packets(Event())
        next(packets)
        order("unplug")
        fails(CameraMissing, lambda: [None for _ in packets])
    fails(CameraMissing, lambda: open_source(again))
    wait_for_the_link_to_go()
    order("plug 5")
    while not by_id().exists():
        time.sleep(0.05)
    back_s = time.monotonic()
    first = retry(again)
    took_s = time.monotonic() - back_s
    expect(len(first) == 1 and took_s < 3.0, f"packets again {took_s:.2f} s after its return")
    expect(by_id().resolve() != node, f"under another number: {node}, then {by_id().resolve()}")
    say(f"packets again {took_s:.2f} s after its return as {by_id().resolve()}")


def wait_for_the_link_to_go() -> None:
    """The virtual machine plays udev, and what plays it there can die as a camera goes.

    Then the link stays and would lead to whatever gets the old number: nothing that Murai could pass or fail.
    """
    end_s = time.monotonic() + 5
    while os.path.lexists(by_id()):
        if time.monotonic() > end_s:
            say(f"{by_id()} is still there 5 s after the camera went: the virtual machine's links are dead")
            raise SystemExit(os.EX_TEMPFAIL)
        time.sleep(0.05)


def retry(again: str) -> list[Packet]:
    """As the supervisor does it: until it opens."""
    end_s = time.monotonic() + 10
    while True:
        try:
            with opened(again) as camera:
                return take(camera, 1)
        except CameraError as fault:
            say(f"not yet: {fault}")
            if time.monotonic() > end_s:
                raise
            time.sleep(0.1)


@contextmanager
def opened(text: str) -> Iterator[OpenedSource]:
    camera = open_source(text)
    with closing(camera.source):
        yield camera


def take(camera: OpenedSource, count: int) -> list[Packet]:
    with closing(camera.source.packets(Event())) as packets:  # type: ignore[type-var]
        return list(islice(packets, count))


def uri(form: str) -> str:
    return f"v4l2://{by_id()}?size={SIZE_PX[0]}x{SIZE_PX[1]}&fps={FPS}&format={form}"


def by_id() -> Path:
    return Path(os.environ["VMCAM_BY_ID"])


def order(step: str) -> None:
    with open(os.environ["VMCAM_CONTROL"], "w", encoding="ascii") as control:
        control.write(step + "\n")


def fails(kind: type[CameraError], act: Callable[[], object]) -> None:
    try:
        act()
    except CameraError as fault:
        expect(isinstance(fault, kind), f"{kind.__name__}, not {fault!r}")
        say(f"{kind.__name__}: {fault}")
    else:
        expect(False, f"no {kind.__name__}")


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"test-camera: FAILED: {what}")


def say(line: str) -> None:
    sys.stdout.write(f"test-camera: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["draw"]:
        draw(Path(sys.argv[2]))
    else:
        check()
