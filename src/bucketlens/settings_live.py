"""The settings of what a server does beside answering: watching, reconciling, bounds on waiting."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bucketlens.settings_packs import PackSettings


class LiveSettings(PackSettings, frozen=True, kw_only=True):
    """Settings of the live side; part of :class:`bucketlens.settings.Settings`."""

    watch: Annotated[
        Literal["auto", "events", "poll", "off"],
        Meta(description="how a server notices changes; auto polls where nothing tells of them"),
    ] = "auto"
    poll_seconds: Annotated[
        float,
        Meta(ge=0.0, description="between two listings; 0 is 5 for folders, 60 for buckets"),
    ] = 0.0
    queue_url: Annotated[
        str, Meta(description="queue of SQS that tells a server of its bucket's changes")
    ] = ""
    reconcile_seconds: Annotated[
        float,
        Meta(ge=0.0, description="a server compares all again so often; 0 is at its start only"),
    ] = 3600.0
    max_waiting: Annotated[
        int,
        Meta(ge=1, le=100_000, description="images of requests that wait; more are turned away"),
    ] = 256
