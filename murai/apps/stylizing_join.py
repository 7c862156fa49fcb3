"""Putting the pieces of a film together, without encoding anything again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from murai.apps.settings_files import read_settings, settings_file
from murai.apps.stylizing_encoder import FilmShape, SoundCopy, open_output
from murai.apps.stylizing_files import told, write_settings
from murai.apps.stylizing_film import Film
from murai.apps.stylizing_options import COMMAND, Shard
from murai.apps.stylizing_work import piece_file
from murai.core.files import give_name
from murai.errors import MediaError, RenderError


def join_pieces(film: Film, source: Path, output: Path, of: int) -> int:
    """Copies the frames of all pieces to their times in the film, and its sound beside them.

    film, source: that the pieces were painted from. of: how many they are. Returns the number of frames.

    Raises:
        RenderError: a piece is missing, not whole, or painted otherwise than the first.
    """
    pieces = [_Piece(piece_file(output, Shard(number=number + 1, of=of).label)) for number in range(of)]
    for piece in pieces[1:]:
        if not piece.goes_with(pieces[0]):
            raise RenderError(f"{piece.file} was painted otherwise than {pieces[0].file}", "paint one of them again")
    shift = round(film.begins_s / film.time_base)
    whole = pieces[0].seconds is None
    shape = FilmShape((0, 0), film.fps, film.time_base, shift, sound=source, whole_sound=whole)
    with told(output), ExitStack() as stack:
        container = open_output(output)
        first = stack.enter_context(av.open(str(pieces[0].file)))
        stream = container.add_stream_from_template(first.streams.video[0])
        sound = SoundCopy(source, container, shape)
        container.start_encoding()
        count = 0
        for piece in pieces:
            for packet in piece.packets(shift, film.time_base):
                sound.up_to(float((packet.pts or 0) * (packet.time_base or 0)))
                packet.stream = stream
                container.mux(packet)
                count += 1
        sound.finish()
        container.close()
        give_name(output)
    write_settings(settings_file(output, COMMAND), pieces[0].settings_of_whole(output))
    return count


class _Piece:
    """A finished piece with what was written beside it.

    Raises:
        RenderError: it is missing or not whole.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        if not file.is_file():
            raise RenderError(f"the piece {file} is missing", "paint it with its --shard first")
        self._settings = read_settings(settings_file(file, COMMAND), COMMAND)
        try:
            self._first_tick, self._frames = (int(self._settings["piece"][name]) for name in ("first_tick", "frames"))
        except (KeyError, TypeError, ValueError) as fault:
            raise RenderError(
                f"{settings_file(file, COMMAND)} doesn't say which piece it is", "paint it again with --shard"
            ) from fault

    @property
    def seconds(self) -> float | None:
        found: float | None = self._settings["settings"].get("seconds")
        return found

    def settings_of_whole(self, output: Path) -> dict[str, Any]:
        """What would lie beside the film if it had been painted in one."""
        said = self._settings["settings"] | {"shard": None, "output": str(output)}
        return {name: value for name, value in self._settings.items() if name != "piece"} | {"settings": said}

    def goes_with(self, other: _Piece) -> bool:
        """Whether both were painted with the same settings, of the same film and by the same pack."""
        return self._told() == other._told()

    def packets(self, shift: int, unit: Fraction) -> Iterator[av.Packet[Any]]:
        """Its frames at their times in the whole film, which begins at the tick `shift` of `unit`."""
        count = 0
        try:
            with av.open(str(self.file)) as container:
                for packet in container.demux(container.streams.video[0]):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        later = round((self._first_tick - shift) * unit / (packet.time_base or unit))
                        packet.pts, packet.dts = packet.pts + later, packet.dts + later
                        count += 1
                        yield packet
        except av.FFmpegError as fault:
            raise MediaError(f"{self.file} can't be read: {fault.strerror}", "paint it again") from fault
        if count != self._frames:
            raise RenderError(f"{self.file} has {count} frames of {self._frames}", "paint it again")

    def _told(self) -> dict[str, Any]:
        options = {name: value for name, value in self._settings["settings"].items() if name not in _OWN}
        digests = sorted(dict(self._settings.get("sha256") or {}).values())  # elsewhere the files may have other paths
        return {"settings": options, "pack": self._settings.get("pack"), "files": digests}


_OWN = ("input", "output", "mask", "shard", "device", "batch", "join")
