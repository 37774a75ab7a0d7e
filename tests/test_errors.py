"""The errors carry what the doors need and survive the way between processes."""

import copy
import pickle
from collections.abc import Callable

import pytest

from bucketlens import errors
from bucketlens.errors import (
    BucketlensError,
    ConfigError,
    CrashError,
    InputError,
    TransientError,
)

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, BucketlensError)
]
INPUT_CLASSES = [cls for cls in CLASSES if issubclass(cls, InputError)]


@pytest.mark.parametrize("cls", CLASSES)
def test_message_and_setting_are_kept(cls: type[BucketlensError]):
    """An error says what happened and which setting would change it."""
    error = cls("a.jpg is over 15 MB", setting="max_bytes")
    assert str(error) == error.message == "a.jpg is over 15 MB"
    assert error.setting == "max_bytes"


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("again", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])  # noqa: S301
def test_errors_cross_processes(
    cls: type[BucketlensError], again: Callable[[BucketlensError], BucketlensError]
):
    """A worker process hands its error to the parent whole."""
    error = again(cls("too wide", setting="max_pixels"))
    assert type(error) is cls
    assert (error.message, error.setting) == ("too wide", "max_pixels")


def test_codes_tell_the_classes_apart():
    """Each class has a code of its own, so that a record says which it was."""
    codes = [cls.code for cls in CLASSES]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("cls", [cls for cls in INPUT_CLASSES if cls is not CrashError])
def test_bad_input_is_the_fault_of_the_request(cls: type[InputError]):
    """An object that never works ends with status 1 and an HTTP status of the 400s."""
    assert cls.exit_status == 1
    assert 400 <= cls.http_status < 500


def test_what_crashes_is_our_fault():
    """The object never works, as other bad input, but nobody who sent it is to blame."""
    assert CrashError.exit_status == 1
    assert CrashError.http_status == 500


def test_the_caller_can_tell_what_to_do():
    """Operator, object, later: three trees with exit statuses of their own."""
    assert ConfigError.exit_status == 2
    assert TransientError.exit_status == 75
    assert TransientError.http_status == 503
    assert not issubclass(ConfigError, InputError | TransientError)
