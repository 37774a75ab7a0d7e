"""Labels images as a queue tells of them."""

from bucketlens.queues import Message, Queue
from bucketlens.worker.opening import open_worker
from bucketlens.worker.working import Done, Worker

__all__ = ["Done", "Message", "Queue", "Worker", "open_worker"]
