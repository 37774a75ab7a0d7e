"""The stack on ministack: the shipped template, carried out by an emulator of AWS.

Roles and policies hold there. Four things are not as on AWS. The functions' code is this checkout
on the interpreter of the emulator, and not the package, with one image that ends the process when
it is labelled. The emulator speaks no TLS, so the statements that ask for it, and that it rightly
refuses all by, are taken out, and CloudFront answers without it. Deleting messages by tens is a
right of its own there, which AWS does not know. And what it wants as a number is written as one.
"""

from __future__ import annotations

import http.client
import io
import json
import site
import sys
import time
import zipfile
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import boto3
from tests.aws.stack import CODE, NEEDED, read_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Server

ROOT = Path(__file__).resolve().parents[2]
POISON = b"this ends the process"
PATIENCE = 240.0

ENTRY = f"""
import os
from bucketlens.pipeline.labelling import Labeler
label = Labeler.label
def labelled(self, images):
    if any(image.data.endswith({POISON!r}) for image in images):
        os._exit(1)
    return label(self, images)
Labeler.label = labelled
os.environ["_HANDLER"] = "bucketlens.aws.handler"
from bucketlens.aws import handler
"""


class Answer(NamedTuple):
    """What a visitor of the site gets."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Cloud:
    """An account with one stack.

    Attributes:
        server: The emulator.
        outputs: Of the stack.
        resources: Physical names of the stack's resources, by their names in the template.
    """

    server: Server
    outputs: dict[str, str] = field(default_factory=dict)
    resources: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes
        """A client of boto3."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.server.endpoint,
                region_name="us-east-1",
                aws_access_key_id=self.server.keys["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.server.keys["AWS_SECRET_ACCESS_KEY"],
            )
        return self._clients[service]

    def deploy(
        self,
        name: str,
        environ: dict[str, str] | None = None,
        **parameters: str,
    ) -> None:
        """Make a stack of the template, as `sam deploy` does."""
        s3, formation = self.client("s3"), self.client("cloudformation")
        s3.create_bucket(Bucket=CODE["Bucket"])
        s3.put_object(Bucket=CODE["Bucket"], Key=CODE["Key"], Body=_code())
        template = json.dumps(_for_ministack(self.server, environ or {}))
        s3.put_object(Bucket=CODE["Bucket"], Key="template.json", Body=template.encode())
        values = NEEDED | parameters
        formation.create_stack(
            StackName=name,
            TemplateURL=f"{self.server.endpoint}/{CODE['Bucket']}/template.json",
            Parameters=[{"ParameterKey": k, "ParameterValue": str(v)} for k, v in values.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        until(lambda: not self._status(name).endswith("IN_PROGRESS"))
        assert self._status(name) == "CREATE_COMPLETE", self._why(name)
        (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
        self.outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        listed = formation.list_stack_resources(StackName=name)["StackResourceSummaries"]
        self.resources = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}

    def _why(self, name: str) -> list[tuple[str, str]]:
        """The resources that could not be made, and why."""
        events = self.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
        return [
            (one["LogicalResourceId"], one.get("ResourceStatusReason", ""))
            for one in events
            if one["ResourceStatus"].endswith("FAILED")
        ]

    def _status(self, name: str) -> str:
        stacks = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        return str(stacks[0]["StackStatus"])

    def keys(self, bucket: str, prefix: str = "") -> set[str]:
        """The keys below a prefix, without it."""
        pages = self.client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=bucket, Prefix=prefix)
        return {
            entry["Key"].removeprefix(prefix)
            for page in found
            for entry in page.get("Contents", ())
        }

    def read(self, bucket: str, key: str) -> bytes:
        """The bytes of an object."""
        data: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return data

    def records(self, bucket: str) -> dict[str, dict[str, Any]]:
        """All records, by the key of their image."""
        found = [
            json.loads(self.read(bucket, f"metadata/{n}")) for n in self.keys(bucket, "metadata/")
        ]
        return {record["source"]["key"]: record for record in found}

    def index(self) -> dict[str, Any]:
        """Call the index function, as its schedule would; what it answers."""
        answer = self.client("lambda").invoke(FunctionName=self.resources["IndexFunction"])
        told: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        return told

    def visit(self, path: str, credential: str | None = None) -> Answer:
        """Ask CloudFront for a page of the site."""
        host = urlsplit(self.outputs["SiteUrl"]).hostname or ""
        where = urlsplit(self.server.endpoint)
        headers = {"Host": f"{host.split('.')[0]}.cloudfront.localhost:{where.port}"}
        if credential is not None:
            headers["Authorization"] = "Basic " + b64encode(credential.encode()).decode()
        connection = http.client.HTTPConnection(where.netloc, timeout=60)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def waiting(self, queue: str) -> int:
        """Messages in a queue of the stack, hidden ones too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.client("sqs").get_queue_attributes(
            QueueUrl=self.resources[queue], AttributeNames=names
        )
        return sum(int(answer["Attributes"][name]) for name in names)


def until(true: Callable[[], bool]) -> bool:
    """Wait until it is true; whether it became so."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _for_ministack(server: Server, environ: dict[str, str]) -> dict[str, Any]:
    template = read_template()
    template.pop("Rules")  # not known there
    shared = template["Globals"]["Function"]
    shared["CodeUri"] = CODE
    shared["Environment"]["Variables"] |= {
        "PYTHONPATH": ":".join((str(ROOT / "src"), *site.getsitepackages(), *_extra())),
        "BUCKETLENS_S3_ENDPOINT": server.endpoint,
        **environ,
    }
    resources = template["Resources"]
    del resources["ImagesPolicy"], resources["ResultsPolicy"]  # they ask for TLS and nothing else
    shown, _ = resources["SitePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    shown["Fn::If"][2] = {"Ref": "AWS::NoValue"}
    for statement in resources["IndexRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]:
        if statement["Sid"] == "DrainChanges":
            statement["Action"].append("sqs:DeleteMessageBatch")
    shown = resources["Distribution"]["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]
    shown["ViewerProtocolPolicy"] = "allow-all"
    resources.pop("LabelErrorsAlarm")  # it computes, which alarms there can't
    label = resources["LabelFunction"]["Properties"]
    label["Handler"] = "entry.handler"
    label["Events"]["Queue"]["Properties"]["ScalingConfig"] = {"MaximumConcurrency": 2}
    return template


def _extra() -> list[str]:
    """Where packages are that are not among the site's own."""
    return [path for path in sys.path if path.endswith("site-packages")]


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("entry.py", ENTRY)
    return packed.getvalue()
