"""Which folders the system can be counted on to tell of."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from bucketlens.live.mounts import file_system, is_remote, tells_of_changes

if TYPE_CHECKING:
    from pathlib import Path

MOUNTS = r"""
22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
98 22 0:53 / /mnt/nas rw,relatime shared:52 - nfs4 nas:/volume1 rw,vers=4.1
99 22 0:54 / /mnt/my\040photos rw,nosuid shared:53 - fuse.sshfs me@far:/photos rw
100 22 8:17 / /media/disk rw shared:54 - fuseblk /dev/sdb1 rw
101 98 8:33 / /mnt/nas/local rw shared:55 - xfs /dev/sdc1 rw
102 22 0:60 / /mnt/twice rw - ext4 /dev/sdd1 rw
103 22 0:61 / /mnt/twice rw - cifs //server/share rw
"""


@pytest.mark.parametrize(
    ("folder", "kind", "remote"),
    [
        ("/home/me", "ext4", False),
        ("/mnt/nas", "nfs4", True),
        ("/mnt/nas/2024", "nfs4", True),
        ("/mnt/nas/local/x", "xfs", False),
        ("/mnt/nasty", "ext4", False),
        ("/mnt/my photos/a", "fuse.sshfs", True),
        ("/media/disk", "fuseblk", False),
        ("/mnt/twice", "cifs", True),
    ],
)
def test_the_kind_of_file_system_decides(folder: str, kind: str, *, remote: bool):
    """The longest mount point holds, and of two on one place the last."""
    assert file_system(folder, MOUNTS) == kind
    assert is_remote(kind) == remote


def test_what_can_not_be_told_is_taken_for_local():
    """Events are tried then, and listings when they can't be had."""
    assert file_system("/home", "") == ""
    assert not is_remote("")


@pytest.mark.skipif(sys.platform == "win32", reason="temporary folders have drives there")
def test_a_temporary_folder_tells_of_its_changes(tmp_path: Path):
    """On this machine."""
    assert tells_of_changes(str(tmp_path))
