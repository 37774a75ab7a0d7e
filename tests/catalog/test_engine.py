"""One instance of DuckDB for each process."""

from __future__ import annotations

import multiprocessing
import sys
import warnings

import pytest

from bucketlens.catalog.engine import open_engine


def ask() -> None:
    """Compute something, in several threads."""
    with open_engine() as engine:
        assert engine.execute("SELECT sum(i) FROM range(100000) r(i)").fetchone() == (4999950000,)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_a_fork_ends_though_the_one_that_began_it_has_an_instance():
    """It closes its own and leaves alone what it inherited, whose threads it does not have."""
    ask()
    process = multiprocessing.get_context("fork").Process(target=ask)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
    process.join(60)
    process.kill()
    assert process.exitcode == 0
    ask()
