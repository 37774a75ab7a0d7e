"""What kind of file system a folder is on, as far as it matters for watching it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "vboxsf", "prl_fs"),
        *("ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "gfs2", "davfs", "virtiofs"),
    }
)
"""Kinds that other machines write to, so that this one's system can't tell of every change."""

OURS = frozenset({"fuseblk", "fuse.ntfs", "fuse.ntfs-3g", "fuse.exfat", "fuse.fuse-overlayfs"})
"""Kinds below FUSE that are disks of this machine; others (sshfs, rclone) are not."""

_OCTAL = re.compile(r"\\([0-7]{3})")
_MOUNTS = Path("/proc/self/mountinfo")


def tells_of_changes(folder: str) -> bool:
    """Whether the system can be counted on to tell of changes below a folder."""
    if os.name == "nt":
        return not folder.startswith("\\\\")
    if sys.platform != "linux":
        return True
    try:
        text = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return True
    return not is_remote(file_system(folder, text))


def is_remote(kind: str) -> bool:
    """Whether a kind of file system may be changed by other machines.

    >>> is_remote("nfs4"), is_remote("fuse.sshfs"), is_remote("ext4")
    (True, True, False)
    """
    return kind in NETWORK or (kind.startswith("fuse.") and kind not in OURS)


def file_system(folder: str, mounts: str) -> str:
    """The kind of file system that a folder is on; empty where that can't be told.

    Args:
        folder: A real path.
        mounts: As ``/proc/self/mountinfo`` lists them; of several on one place the last holds.
    """
    found, longest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:  # noqa: PLR2004 - the fifth is the mount point
            continue
        place = _OCTAL.sub(lambda digits: chr(int(digits[1], 8)), fields[4]).rstrip("/") + "/"
        if f"{folder}/".startswith(place) and len(place) >= longest:
            found, longest = after.split(" ")[0], len(place)
    return found
