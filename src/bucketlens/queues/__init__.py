"""Queues whose messages come back unless they are deleted."""

from bucketlens.queues.messages import Message, Queue
from bucketlens.queues.sqs import MOST_AT_ONCE, SqsQueue

__all__ = ["MOST_AT_ONCE", "Message", "Queue", "SqsQueue"]
