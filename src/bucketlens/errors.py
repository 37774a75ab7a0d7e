"""What can go wrong, sorted by what the caller must do about it.

    BucketlensError
    ├── ConfigError             the operator must change something
    ├── InputError              this object will never work as it is
    │   ├── UnsupportedError    not an image format that is read
    │   ├── TooLargeError       over a limit that a setting holds
    │   ├── DamagedError        the bytes are broken or cut off
    │   ├── MissingError        nothing is there, or it may not be read
    │   └── CrashError          bucketlens itself fails on it, time and again
    └── TransientError          the same call may work later

Foreign exceptions are mapped to these once, where they enter, with ``raise … from exc``.
Anything else that escapes is a bug of ours. Each class carries what the doors need: the name that
records use, the exit status of the command line and the HTTP status.
"""

from typing import ClassVar


class BucketlensError(Exception):
    """Base of all errors that bucketlens raises on purpose.

    Args:
        message: What happened, to which object, and why; one sentence, no trailing stop needed.
        setting: The name of the setting that would change the outcome, if there is one.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 70
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, setting: str | None = None) -> None:
        """Keep the message and the setting that would change the outcome."""
        super().__init__(message)
        self.message = message
        self.setting = setting


class ConfigError(BucketlensError):
    """The operator must change a setting, an argument or the installation."""

    code = "config"
    exit_status = 2


class InputError(BucketlensError):
    """This object will never work as it is: it is recorded as a failure and passed over."""

    code = "input"
    exit_status = 1
    http_status = 422


class UnsupportedError(InputError):
    """The bytes are not of an image format that bucketlens reads."""

    code = "unsupported"
    http_status = 415


class TooLargeError(InputError):
    """The object is over a limit: bytes, pixels or frames."""

    code = "too_large"
    http_status = 413


class DamagedError(InputError):
    """The bytes begin like an image but can't be decoded."""

    code = "damaged"
    http_status = 422


class MissingError(InputError):
    """There is no such object, or it may not be read."""

    code = "missing"
    http_status = 404


class CrashError(InputError):
    """Labelling it hit a bug or ended the process, time and again; it is tried when asked for."""

    code = "crash"
    http_status = 500


class TransientError(BucketlensError):
    """The same call may work later: throttled, timed out, store unavailable."""

    code = "transient"
    exit_status = 75
    http_status = 503
