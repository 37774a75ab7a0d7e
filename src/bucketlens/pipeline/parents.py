"""Processes of ours end with the one that began them."""

from __future__ import annotations

import os
import threading


def end_with_parent() -> None:
    """Have this process end at once when the one that began it is no more.

    Without this it would wait for work for ever when that one was killed.
    """
    threading.Thread(target=_wait_for_end, name="parent", daemon=True).start()


def _wait_for_end() -> None:
    # Only here: functions for Lambda load this module and begin no processes.
    from multiprocessing import parent_process  # noqa: PLC0415

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
