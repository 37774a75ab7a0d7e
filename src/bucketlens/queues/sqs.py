"""A queue of Amazon SQS, or of what speaks like it, through boto3."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bucketlens.errors import ConfigError, TransientError
from bucketlens.queues.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AMAZON = re.compile(r"(?:[a-z0-9-]+\.)*sqs\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_LONGEST_HIDDEN = 43_200
"""Seconds; the limit of SQS, counted from the reception."""

_READ_SECONDS = 40
"""Above the 20 that SQS waits at most for a message."""

_CONNECTIONS = 32

MOST_AT_ONCE = 10
"""Messages in one request, at most."""

_LATER = frozenset(
    {"ThrottlingException", "Throttling", "RequestThrottled", "OverLimit", "ServiceUnavailable"}
)
_STALE = frozenset({"ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight"})
"""The message was given to somebody else meanwhile, or is deleted."""


class SqsQueue:
    """One queue.

    Args:
        url: Its URL. One that is not Amazon's names the server too.
        region: Where the URL does not say; else that of AWS's own variables and files.

    Raises:
        ConfigError: The URL is none, or boto3 is not installed.
    """

    def __init__(self, url: str, *, region: str | None = None) -> None:
        """Prepare; nothing is asked yet."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or not parts.path.strip("/"):
            raise ConfigError(f"{url!r} is not the URL of a queue; SQS shows it with the queue")
        try:
            import boto3.session  # noqa: PLC0415 - only where it is used
            from botocore.config import Config  # noqa: PLC0415
        except ImportError as exc:
            raise ConfigError("SQS needs boto3: pip install 'bucketlens[s3]'") from exc
        amazon = _AMAZON.fullmatch(parts.hostname or "")
        session = boto3.session.Session()
        self.url = url
        with _errors(url):
            self._client: Any = session.client(
                "sqs",
                region_name=amazon["region"]
                if amazon
                else region or session.region_name or "us-east-1",
                endpoint_url=None if amazon else f"{parts.scheme}://{parts.netloc}",
                config=Config(
                    retries={"mode": "standard", "total_max_attempts": 4},
                    read_timeout=_READ_SECONDS,
                    max_pool_connections=_CONNECTIONS,
                ),
            )

    def has_dead_letters(self) -> bool:
        """Whether messages that are received in vain are put aside.

        Raises:
            ConfigError: There is no such queue, or it may not be used.
            TransientError: It can't be told now.
        """
        with _errors(self.url):
            answer = self._client.get_queue_attributes(
                QueueUrl=self.url, AttributeNames=["RedrivePolicy"]
            )
        return "RedrivePolicy" in answer.get("Attributes", {})

    def receive(self, most: int, *, wait: float, hidden: float) -> list[Message]:
        """Take messages, at most ``most``."""
        with _errors(self.url):
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=int(wait),
                VisibilityTimeout=int(hidden),
                AttributeNames=["ApproximateReceiveCount"],
            )
        return [_message(entry) for entry in answer.get("Messages", ())]

    def delete(self, message: Message) -> None:
        """It is done with."""
        with _errors(self.url):
            self._client.delete_message(QueueUrl=self.url, ReceiptHandle=message.receipt)

    def delete_all(self, messages: Sequence[Message]) -> None:
        """They are done with; one that can't be deleted comes again."""
        for start in range(0, len(messages), MOST_AT_ONCE):
            entries = [
                {"Id": str(number), "ReceiptHandle": message.receipt}
                for number, message in enumerate(messages[start : start + MOST_AT_ONCE])
            ]
            with _errors(self.url):
                self._client.delete_message_batch(QueueUrl=self.url, Entries=entries)

    def send(self, body: str) -> None:
        """Put a message in."""
        with _errors(self.url):
            self._client.send_message(QueueUrl=self.url, MessageBody=body)

    def hide(self, message: Message, seconds: float) -> None:
        """Keep it from others for so long from now."""
        with _errors(self.url):
            self._client.change_message_visibility(
                QueueUrl=self.url,
                ReceiptHandle=message.receipt,
                VisibilityTimeout=min(int(seconds), _LONGEST_HIDDEN),
            )


def _message(entry: dict[str, Any]) -> Message:
    count = entry.get("Attributes", {}).get("ApproximateReceiveCount", "1")
    return Message(entry["MessageId"], entry["ReceiptHandle"], entry["Body"], int(count))


@contextmanager
def _errors(url: str) -> Iterator[None]:
    from botocore import exceptions  # noqa: PLC0415 - only where it is used

    try:
        yield
    except exceptions.ClientError as exc:
        code = exc.response.get("Error", {}).get("Code", "")
        status = exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _STALE or code in _LATER or status >= 500:  # noqa: PLR2004
            raise TransientError(f"{url}: {exc}") from exc
        raise ConfigError(f"the queue {url} can't be used: {exc}") from exc
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as exc:
        raise TransientError(f"{url} gave no whole answer: {exc}") from exc
    except exceptions.BotoCoreError as exc:
        raise ConfigError(f"the queue {url} can't be asked: {exc}") from exc
