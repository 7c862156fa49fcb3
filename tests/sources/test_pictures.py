import random

import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from murai.core.media import Packet, StreamInfo
from murai.errors import MediaError
from murai.sources.decoder_cpu import CpuDecoder
from murai.sources.pictures import Picture, PictureDecoder
from tests.sources.clips import Pixels, Recipe, moving, units

SIZE_PX = (160, 96)
COLOURS = [(255, 255, 255), (0, 0, 0), (200, 30, 40), (30, 180, 60), (40, 60, 210), (128, 128, 128)]
LIMITED, FULL = int(ColorRange.MPEG), int(ColorRange.JPEG)


def info(codec: str = "h264", size_px: tuple[int, int] = SIZE_PX, **more: object) -> StreamInfo:
    return StreamInfo(codec, *size_px, 25.0, "test", **more)  # type: ignore[arg-type]


def packets(data: list[bytes]) -> list[Packet]:
    return [Packet(unit, 100.0 + n, n) for n, unit in enumerate(data)]


def palette(size_px: tuple[int, int] = SIZE_PX) -> Pixels:
    width, height = size_px
    return np.array(COLOURS, np.uint8).repeat(width // 6 + 1, 0)[:width][None].repeat(height, 0)


def centres(rgb: Pixels) -> Pixels:
    height, width = rgb.shape[:2]
    stripe = width // 6 + 1
    return rgb[height // 2, [n * stripe + (min(stripe, width - n * stripe)) // 2 for n in range(6)]]


def one_picture(data: bytes, about: StreamInfo) -> Picture:
    (picture,) = PictureDecoder(about).decode(Packet(data, 0.0, 0))
    return picture


@pytest.mark.parametrize(("codec", "pixel_format"), [("libx264", "yuv420p"), ("mjpeg", "yuvj420p")])
def test_no_frame_of_delay(codec: str, pixel_format: str) -> None:
    options = {"preset": "ultrafast", "tune": "zerolatency"} if codec == "libx264" else {}
    data = units(moving(12), Recipe(codec, pixel_format, options=options, colour={"color_range": FULL}))
    decoder = PictureDecoder(info("h264" if codec == "libx264" else "mjpeg"))
    for packet in packets(data):
        (picture,) = decoder.decode(packet)
        assert picture.captured_s == packet.captured_s
    assert decoder.flush() == []
    assert decoder.damaged == 0


def test_sliced_pictures_come_without_delay_too() -> None:
    sliced = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "slices=4"}
    decoder = PictureDecoder(info())
    assert [len(decoder.decode(packet)) for packet in packets(units(moving(12), Recipe(options=sliced)))] == [1] * 12


def test_pictures_that_come_out_of_order_keep_their_own_time() -> None:
    reordered = {"preset": "veryfast", "x264-params": "bframes=3:b-adapt=0"}
    source = moving(20)
    # The encoder gives no times here: the means of the pictures tell what the order of showing is.
    data = units(source, Recipe(options=reordered))
    plain = PictureDecoder(info())
    shown = [p for packet in packets(data) for p in plain.decode(packet)] + plain.flush()
    means = [float(picture.rgb.mean()) for picture in shown]
    assert len(shown) == 20
    assert means == sorted(means)
    assert [picture.captured_s for picture in shown] != sorted(picture.captured_s for picture in shown)


@pytest.mark.parametrize("size_px", [(160, 96), (1280, 96)])
@pytest.mark.parametrize("color_range", [LIMITED, FULL])
@pytest.mark.parametrize("matrix", [Colorspace.ITU709, Colorspace.ITU601])
def test_colours_survive_matrix_and_range(size_px: tuple[int, int], color_range: int, matrix: Colorspace) -> None:
    # H.273 numbers BT.709 as 1 and BT.601 as 5, as swscale does.
    colour = {"color_range": color_range, "colorspace": int(matrix)}
    recipe = Recipe(options={"preset": "ultrafast", "tune": "zerolatency", "qp": "4"}, colour=colour)
    (data,) = units([palette(size_px)], recipe)
    rgb = one_picture(data, info(size_px=size_px)).rgb
    assert np.abs(centres(rgb).astype(int) - COLOURS).max() <= 4


def test_a_stream_that_names_no_matrix_has_that_of_its_size() -> None:
    for size_px, matrix in (((160, 96), Colorspace.ITU601), ((1280, 96), Colorspace.ITU709)):
        recipe = Recipe(options={"preset": "ultrafast", "tune": "zerolatency", "qp": "4"})
        (data,) = units([palette(size_px)], recipe, drawn_matrix=int(matrix))
        rgb = one_picture(data, info(size_px=size_px)).rgb
        assert np.abs(centres(rgb).astype(int) - COLOURS).max() <= 4


@pytest.mark.parametrize("size_px", [(160, 96), (1280, 96)])
def test_jpeg_is_full_range_and_bt601_at_every_size(size_px: tuple[int, int]) -> None:
    recipe = Recipe("mjpeg", "yuvj420p", options={"qmin": "1", "qmax": "1"}, colour={"color_range": FULL})
    (data,) = units([palette(size_px)], recipe)
    rgb = one_picture(data, info("mjpeg", size_px)).rgb
    assert np.abs(centres(rgb).astype(int) - COLOURS).max() <= 5


@pytest.mark.parametrize("pixel_format", ["yuyv422", "nv12"])
@pytest.mark.parametrize("size_px", [(160, 96), (170, 98), (1280, 96)])
def test_raw_video_is_limited_bt601_with_tight_lines(pixel_format: str, size_px: tuple[int, int]) -> None:
    (data,) = units([palette(size_px)], Recipe("rawvideo", pixel_format, options={}))
    rgb = one_picture(data, info("rawvideo", size_px, pixel_format=pixel_format)).rgb
    assert rgb.shape == (size_px[1], size_px[0], 3)
    assert np.abs(centres(rgb).astype(int) - COLOURS).max() <= 4


@pytest.mark.parametrize("full_range", [False, True])
def test_the_containers_range_counts_where_the_codec_names_none(full_range: bool) -> None:
    colour = {"color_range": FULL if full_range else LIMITED}
    (data,) = units([palette()], Recipe("rawvideo", "nv12", options={}, colour=colour))
    rgb = one_picture(data, info("rawvideo", pixel_format="nv12", full_range=full_range)).rgb
    assert np.abs(centres(rgb).astype(int) - COLOURS).max() <= 4


@pytest.mark.parametrize("color_range", [LIMITED, FULL])
def test_the_codecs_own_range_counts_first(color_range: int) -> None:
    fast = {"deadline": "realtime", "cpu-used": "8", "crf": "4", "b": "0"}
    data = units([palette()], Recipe("libvpx-vp9", options=fast, colour={"color_range": color_range}))
    rgb = one_picture(data[0], info("vp9", full_range=color_range == LIMITED)).rgb
    assert np.abs(centres(rgb).astype(int) - COLOURS).max() <= 6


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_damage_is_counted_and_never_ends_it(codec: str) -> None:
    h264 = codec == "libx264"
    options = {"preset": "ultrafast", "tune": "zerolatency", "g": "10"} if h264 else {}
    recipe = Recipe(codec, "yuv420p" if h264 else "yuvj420p", options=options)
    noise = np.random.default_rng(5)
    data = units([noise.integers(0, 255, (192, 320, 3), np.uint8) // 4 + n for n in range(40)], recipe)
    dice = random.Random(3)
    for n in range(5, 25):
        broken = bytearray(data[n])
        for _ in range(6):
            broken[dice.randrange(len(broken) // 4, len(broken))] = dice.randrange(256)
        data[n] = bytes(broken[: len(broken) // 2]) if n % 3 == 0 else bytes(broken)
    decoder = PictureDecoder(info("h264" if h264 else "mjpeg", (320, 192)))
    given = [len(decoder.decode(packet)) for packet in packets(data)]
    assert sum(given) + decoder.damaged == 40
    assert decoder.damaged >= 15
    assert given[:5] == [1] * 5
    assert given[-10:] == [1] * 10


def test_a_camera_whose_jpegs_are_all_faulty_is_shown_as_it_is() -> None:
    data = units(moving(20), Recipe("mjpeg", "yuvj420p", options={}, colour={"color_range": FULL}))
    decoder = PictureDecoder(info("mjpeg"))
    given = [len(decoder.decode(packet)) for packet in packets([unit[: len(unit) * 3 // 4] for unit in data])]
    assert given == [0] * 10 + [1] * 10


def test_rubbish_is_counted() -> None:
    decoder = PictureDecoder(info())
    assert [decoder.decode(Packet(data, 0.0, 0)) for data in (b"rubbish", b"\0\0\1\x65", b"\0" * 100)] == [[]] * 3
    assert decoder.damaged == 3


def test_the_size_may_change_on_the_way() -> None:
    data = units(moving(3, (160, 96))) + units(moving(3, (320, 192)))
    decoder = PictureDecoder(info())
    shapes = [picture.rgb.shape for packet in packets(data) for picture in decoder.decode(packet)]
    assert shapes == [(96, 160, 3)] * 3 + [(192, 320, 3)] * 3


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_pictures_are_turned_upright_clockwise(quarter_turns: int) -> None:
    picture = np.full((96, 160, 3), 40, np.uint8)
    picture[:48, :80] = (230, 230, 230)  # the upper left is bright
    rgb = one_picture(units([picture])[0], info(quarter_turns=quarter_turns)).rgb
    height, width = rgb.shape[:2]
    assert (width, height) == ((96, 160) if quarter_turns % 2 else (160, 96))
    bright = [rgb[: height // 2, : width // 2], rgb[: height // 2, width // 2 :]]
    bright += [rgb[height // 2 :, width // 2 :], rgb[height // 2 :, : width // 2]]
    means = [corner.mean() for corner in bright]
    assert int(np.argmax(means)) == quarter_turns


def test_a_start_anew_gives_all_that_was_held_back() -> None:
    data = units(moving(20), Recipe(options={"preset": "veryfast", "x264-params": "bframes=3:b-adapt=0"}))
    decoder = PictureDecoder(info())
    for _ in range(2):
        shown = [picture for packet in packets(data) for picture in decoder.decode(packet)]
        assert len(shown + decoder.flush()) == 20
    assert decoder.flush() == []
    assert decoder.damaged == 0


def test_an_unknown_codec_is_told() -> None:
    with pytest.raises(MediaError, match="nonesuch"):
        PictureDecoder(info("nonesuch"))


def test_frames_are_planes_of_interleaved_memory() -> None:
    decoder = CpuDecoder(info())
    frames = [frame for packet in packets(units(moving(3))) for frame in decoder.decode(packet)]
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert [frame.captured_s for frame in frames] == [100.0, 101.0, 102.0]
    assert frames[0].rgb.shape == (3, 96, 160)
    assert frames[0].rgb.stride() == (1, 480, 3)
    assert frames[0].size_px == (160, 96)
    assert frames[0].ready is None
