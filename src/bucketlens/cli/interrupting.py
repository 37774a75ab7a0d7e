"""Ctrl-C and SIGTERM, heard by a thread of their own.

Python runs a handler of a signal in the main thread, when that comes to it: never, while it waits
for a lock and the system gave the signal to another thread; and in the midst of whatever it does,
which may hold the very lock that the handler takes. Neither can happen to a thread that does
nothing but listen.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

import click

from bucketlens.cli import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SHOW_CURSOR = "\x1b[?25h"
END = b"\0"
"""What a listener is told; no signal has this number."""


@contextmanager
def stopping(
    stop: threading.Event, tell: Callable[[str], None] = lambda line: click.echo(line, err=True)
) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM finishes what is in flight, the second ends at once.

    Args:
        stop: Set by the first one.
        tell: Told that it came, in words; by another thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = socket.socketpair()
    told.setblocking(False)
    listener = threading.Thread(
        target=_listen, args=(heard, stop, tell), name="signals", daemon=True
    )
    before = {number: signal.signal(number, _leave_to_listener) for number in SIGNALS}
    woken = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        told.send(END)
        listener.join()
        told.close()
        heard.close()


def _leave_to_listener(number: int, frame: object) -> None:
    """Nothing: but a signal that has a handler is told to the listener."""


def _listen(heard: socket.socket, stop: threading.Event, tell: Callable[[str], None]) -> None:
    while (number := heard.recv(1)) != END:
        if number[0] not in SIGNALS:
            continue
        if stop.is_set():
            _leave_at_once()
        stop.set()
        name = "Ctrl-C" if number[0] == signal.SIGINT else "SIGTERM"
        with suppress(OSError):  # nobody may be there to read it
            tell(f"\n{name}: finishing what is in flight; again to stop at once")


def _leave_at_once() -> NoReturn:
    """End without waiting for the threads: whatever they leave, the next run puts right."""
    with suppress(OSError):
        click.echo(SHOW_CURSOR if sys.stderr.isatty() else "", err=True, nl=False)
    os._exit(INTERRUPTED)


def _forget_listener() -> None:
    """What a fork hears is not for the listener of its parent."""
    signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_listener)
