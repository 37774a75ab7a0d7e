"""Memory of processes that run for months: what is free is kept in two places, not in thirty.

The C library of most Linux systems (glibc) gives threads heaps of their own, up to eight for each
core, and what one thread gives back is of no use to the others. A server whose threads make an
index now and then would hold twice the memory that it uses, and ever more of it for hours.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

M_ARENA_MAX = -8
"""Of glibc's ``malloc.h``."""

HEAPS = 2
TOLD = "MALLOC_ARENA_MAX"
"""The variable by which an operator says it instead."""


def share_heaps() -> None:
    """Have threads and forks of this process share its heaps; before there are any.

    Nothing happens where there is another C library, or where an operator has said how many.
    """
    if sys.platform != "linux" or TOLD in os.environ:
        return
    with suppress(OSError, AttributeError):  # musl has no such call
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)
