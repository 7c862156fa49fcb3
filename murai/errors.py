"""Every error that Murai raises on purpose.

MuraiError                      one line: what, with its value, and the remedy
├── ConfigError                 a config file or an option that can't be used
├── HardwareError               the machine lacks what was asked for explicitly
│   └── GpuLost                 the GPU fails at every call, until another process begins anew
├── AlreadyRunning              a second kiosk on the same machine
├── SourceError                 no pictures from where they should come
│   ├── MediaError              a file or network stream that can't be read
│   ├── DecoderError            a decoder on the GPU that can't be used, or failed
│   └── CameraError             anything that a camera does wrong
│       ├── CameraMissing       not there, or unplugged while in use
│       ├── CameraBusy          another program holds it
│       ├── CameraForbidden     no permission to open it
│       ├── CameraHung          there, but no packet within the time-out
│       └── CameraUnsupported   it doesn't offer the size, rate or format
├── PackError                   a style pack that is not whole
│   └── StyleMissing            no style, or no pack, of that name
├── DisplayError                no window and no framebuffer to draw into
├── PublishError                a picture that can't be kept or posted
│   ├── SnapshotError           the picture could not be written
│   ├── OutboxError             the outbox file can't be used
│   ├── CredentialsError        keys that are missing, unreadable or open to all
│   ├── PublisherPaused         nothing can be posted until somebody acts
│   ├── PostRefused             this post will never be taken
│   ├── PostUncertain           it may or may not have been taken
│   ├── PostDuplicate           this very text is posted already
│   └── PostLater               this post may be taken later
├── RenderError                 a painted file that can't be written, or some that failed
├── PaintingError               a painting by optimisation that can't be made or kept
├── BenchError                  a measurement that can't be made, or its figures not be kept
└── TrainingError               training data or a checkpoint that can't be used
"""

from __future__ import annotations


class MuraiError(Exception):
    """A known fault, told in one line.

    `what` names the thing and its value; `remedy` says what to do about it. Both are single
    sentences without a full stop at the end; line breaks are folded into spaces.
    """

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = " ".join(what.split())
        self.remedy = " ".join(remedy.split())
        super().__init__(self.what, self.remedy)

    def __str__(self) -> str:
        return f"{self.what}: {self.remedy}" if self.remedy else self.what


class ConfigError(MuraiError):
    """A config file or a command-line option that can't be used."""


class HardwareError(MuraiError):
    """The machine lacks what was asked for explicitly."""


class GpuLost(HardwareError):
    """The GPU fails at every call: this process can't use it any more, another one may."""


class AlreadyRunning(MuraiError):
    """Another kiosk runs on this machine."""


class SourceError(MuraiError):
    """No pictures from where they should come."""


class MediaError(SourceError):
    """A file or network stream that can't be read."""


class DecoderError(SourceError):
    """A decoder on the GPU that can't be used, or that failed."""


class CameraError(SourceError):
    """Anything that a camera does wrong."""


class CameraMissing(CameraError):
    """The camera is not there, or was unplugged while in use."""


class CameraBusy(CameraError):
    """Another program holds the camera."""


class CameraForbidden(CameraError):
    """This user may not open the camera."""


class CameraHung(CameraError):
    """The camera is there and gives no packet within the time-out."""


class CameraUnsupported(CameraError):
    """The camera doesn't offer the size, rate or format that was asked for."""


class PackError(MuraiError):
    """A style pack that is not whole."""


class StyleMissing(PackError):
    """No style, or no pack, of that name."""


class DisplayError(MuraiError):
    """No window and no framebuffer to draw into."""


class PublishError(MuraiError):
    """A picture that can't be kept or posted."""


class SnapshotError(PublishError):
    """The picture could not be written."""


class OutboxError(PublishError):
    """The outbox file can't be used."""


class CredentialsError(PublishError):
    """Keys that are missing, unreadable or open to all."""


class PublisherPaused(PublishError):
    """Nothing can be posted until somebody acts (keys refused, account out of credit)."""


class PostRefused(PublishError):
    """This post will never be taken as it is."""


class PostUncertain(PublishError):
    """The connection ended after the request went out: the post may or may not be public."""


class PostDuplicate(PublishError):
    """The other side has this very text already: an earlier try got through."""


class PostLater(PublishError):
    """This post may be taken later.

    `retry_at_unix_s` is when the server said to come back (wall clock, seconds since 1970), or
    None where the caller's own back-off decides.
    """

    def __init__(self, what: str, remedy: str = "", *, retry_at_unix_s: float | None = None) -> None:
        super().__init__(what, remedy)
        self.retry_at_unix_s = retry_at_unix_s


class RenderError(MuraiError):
    """A painted picture or film that can't be written, or some files of many that failed."""


class PaintingError(MuraiError):
    """A painting by optimisation that can't be made or kept."""


class BenchError(MuraiError):
    """A measurement that can't be made, or whose figures can't be kept."""


class TrainingError(MuraiError):
    """Training data or a checkpoint that can't be used."""
