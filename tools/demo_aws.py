"""Show the way of a photo through the stack for AWS, on this machine and without an account.

    python -m tools.demo_aws

It starts ministack (an emulator; `make servers` installs it), makes a stack of the shipped template
there, with its buckets, queues, functions and rights, and then does what people do: uploads whole
and in parts, copies, awkward names, a broken file, a deletion, and a picture that brings the
function down. The site is copied to build/demo-aws.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.aws.emulated import POISON, Cloud, until
from tests.servers import ministack

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
PHOTOS = ROOT / "examples" / "photos"
SHOWN = ROOT / "build" / "demo-aws"
UPLOADS = "uploads/"


def main() -> int:
    """Show it all; 1 if something did not come to pass."""
    with tempfile.TemporaryDirectory() as folder, ministack(Path(folder), rights=True) as server:
        cloud = Cloud(server)
        print("making a stack of deploy/aws/template.yaml, on an emulator of AWS …")
        cloud.deploy("photos", Publish="s3-website")
        for name in ("Images", "Queue", "LabelFunction", "Results", "Site"):
            print(f"    {name:<14} {cloud.resources[name]}")
        demo = Demo(cloud)
        done = demo.uploads() and demo.deletion() and demo.poison()
        cloud.index()
        print("\nthe index function has renewed catalog and site")
        demo.copy_site()
    print(f"\nOpen {SHOWN.relative_to(ROOT) / 'index.html'} in a browser.")
    return 0 if done else 1


class Demo:
    """What people do with a stack, and what follows."""

    def __init__(self, cloud: Cloud) -> None:
        """Look at an account that has the stack."""
        self._cloud = cloud
        self._s3 = cloud.client("s3")
        self._images, self._results = cloud.resources["Images"], cloud.resources["Results"]

    def uploads(self) -> bool:
        """Images that arrive in every way, one after the other; whether each came to a record."""
        zebra = (PHOTOS / "zebra.jpg").read_bytes()
        awkward = "trip 1/a+b ü%2F.jpg"
        steps: list[tuple[str, str, Callable[[], object]]] = [
            ("put", "zebra.jpg", lambda: self._put("zebra.jpg", zebra)),
            ("put under an awkward name", awkward, lambda: self._put(awkward, zebra)),
            ("upload in parts", "parts.png", lambda: self._parts("parts.png", "chelsea.png")),
            ("copy", "copy.jpg", lambda: self._copy("zebra.jpg", "copy.jpg")),
            ("put a broken file", "broken.jpg", lambda: self._put("broken.jpg", zebra[:2000])),
        ]
        return all(self._step(what, key, act) for what, key, act in steps)

    def _step(self, what: str, key: str, act: Callable[[], object]) -> bool:
        print(f"\n{what}: {UPLOADS}{key}")
        act()
        return self._told(key)

    def _told(self, key: str) -> bool:
        """Print what the record of a key says, once there is one."""
        if not until(lambda: key in self._cloud.records(self._results)):
            print("    nothing came of it")
            return False
        record = self._cloud.records(self._results)[key]
        labels = [f"{one['Name']} {one['Confidence']:.0f}" for one in record.get("Labels", ())]
        print(f"    {', '.join(labels[:5]) or record['failure']['reason']}")
        return True

    def deletion(self) -> bool:
        """An image is deleted, and what was told of it goes."""
        print(f"\ndelete: {UPLOADS}copy.jpg")
        self._s3.delete_object(Bucket=self._images, Key=UPLOADS + "copy.jpg")
        page = "images/copy.jpg.html"
        gone = until(lambda: page not in self._cloud.keys(self._cloud.resources["Site"]))
        print("    its page is gone" if gone else "    its page is still there")
        return gone

    def poison(self) -> bool:
        """A picture that ends the process comes to the dead letters, with a record that says so."""
        self._cloud.client("sqs").set_queue_attributes(  # minutes in the template
            QueueUrl=self._cloud.resources["Queue"], Attributes={"VisibilityTimeout": "3"}
        )
        print(f"\nput a picture that brings the function down: {UPLOADS}poison.jpg")
        self._put("poison.jpg", (PHOTOS / "zebra.jpg").read_bytes() + POISON)
        if not until(lambda: self._cloud.waiting("DeadLetters") == 1):
            print("    it did not come to the dead letters")
            return False
        print("    it was tried again, and is among the dead letters now; its record says:")
        return self._told("poison.jpg")

    def copy_site(self) -> None:
        """Copy the site to this machine."""
        site = self._cloud.resources["Site"]
        for name in self._cloud.keys(site):
            path = SHOWN / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self._cloud.read(site, name))

    def _put(self, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=self._images, Key=UPLOADS + key, Body=data)

    def _parts(self, key: str, photo: str) -> None:
        where: dict[str, Any] = {"Bucket": self._images, "Key": UPLOADS + key}
        where["UploadId"] = self._s3.create_multipart_upload(**where)["UploadId"]
        data = (PHOTOS / photo).read_bytes()
        etag = self._s3.upload_part(**where, PartNumber=1, Body=data)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        self._s3.complete_multipart_upload(**where, MultipartUpload=parts)

    def _copy(self, key: str, to: str) -> None:
        source = {"Bucket": self._images, "Key": UPLOADS + key}
        self._s3.copy_object(Bucket=self._images, Key=UPLOADS + to, CopySource=source)


if __name__ == "__main__":
    sys.exit(main())
