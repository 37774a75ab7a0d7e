"""From notifications to ``ObjectEvent``s, and which keys are wanted.

Pure functions from bytes or JSON values to values: nothing here opens a connection, reads a clock
or asks a store. An event is only a hint that a key may have changed; what is true is asked later.
"""

from bucketlens.events.batch_operations import (
    BatchInvocation,
    BatchTask,
    TaskOutcome,
    batch_response,
    is_batch_invocation,
    outcome_of,
    parse_batch_invocation,
)
from bucketlens.events.envelopes import ParsedMessage, is_sqs_batch, parse, parse_sqs_batch
from bucketlens.events.filters import KeyFilter
from bucketlens.events.intake import Asked, Intake, SourcePlace, source_place
from bucketlens.events.parsed import EventParseError, ParsedEvents, PassedOver
from bucketlens.events.sequencers import newest, sequencer_newer
from bucketlens.settings import IMAGE_SUFFIXES

__all__ = [
    "IMAGE_SUFFIXES",
    "Asked",
    "BatchInvocation",
    "BatchTask",
    "EventParseError",
    "Intake",
    "KeyFilter",
    "ParsedEvents",
    "ParsedMessage",
    "PassedOver",
    "SourcePlace",
    "TaskOutcome",
    "batch_response",
    "is_batch_invocation",
    "is_sqs_batch",
    "newest",
    "outcome_of",
    "parse",
    "parse_batch_invocation",
    "parse_sqs_batch",
    "sequencer_newer",
    "source_place",
]
