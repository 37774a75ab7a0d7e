"""Signals end what runs, whichever thread the system gives them to."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from bucketlens.cli.interrupting import stopping

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows gives signals to no thread")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_another_thread_is_given_wakes_the_main_thread(number: signal.Signals):
    """Python would run its handler when the main thread has waited long enough, or never."""
    stop, done = threading.Event(), threading.Event()
    said: list[str] = []
    other = threading.Thread(target=done.wait)
    other.start()
    with stopping(stop, said.append):
        assert other.ident is not None
        signal.pthread_kill(other.ident, number)
        assert stop.wait(20)
    done.set()
    other.join()
    assert [line.split(":")[0] for line in said] == [
        "\nCtrl-C" if number == signal.SIGINT else "\nSIGTERM"
    ]


def test_a_signal_may_come_while_the_main_thread_holds_what_is_to_be_told():
    """The lock of an event is held for a moment by whoever begins to wait for it."""
    stop = threading.Event()
    with stopping(stop, lambda _: None):
        with vars(stop)["_cond"]:
            os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(20)


def test_signals_are_as_they_were_afterwards():
    """Handlers, and what is told of each signal; nobody listens any more."""
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with stopping(threading.Event()):
        assert [thread for thread in threading.enumerate() if thread.name == "signals"]
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert signal.set_wakeup_fd(-1) == -1
    assert not [thread for thread in threading.enumerate() if thread.name == "signals"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_signal_to_a_fork_is_not_one_to_its_parent():
    """A process that is ended early must not end the work of the one that began it."""
    stop = threading.Event()
    with stopping(stop, lambda _: None):
        child = os.fork()
        if not child:  # pragma: no cover - another process
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        os.waitpid(child, 0)
        assert not stop.wait(0.3)
