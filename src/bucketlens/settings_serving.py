"""The settings of ``bucketlens serve``; :class:`~bucketlens.settings.Settings` has them too."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bucketlens.settings_pages import PageSettings

MEGABYTE = 1024 * 1024


class ServingSettings(PageSettings, msgspec.Struct, frozen=True, kw_only=True):
    """What concerns the server alone; see docs/configuration.md for each in a sentence."""

    # Where it listens, and who may ask.
    host: Annotated[
        str, Meta(description="address that the server listens on; 0.0.0.0 is all of them")
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535, description="port of the server; 0 is any")] = 8080
    public_url: Annotated[
        str, Meta(description="URL that browsers use, where a proxy stands before the server")
    ] = ""
    credentials: Annotated[
        str,
        Meta(description="file of users, tokens and access keys; `bucketlens access` writes it"),
    ] = ""
    tls_certificate: Annotated[
        str, Meta(description="PEM file; with it and tls_key the server speaks https")
    ] = ""
    tls_key: Annotated[str, Meta(description="PEM file of the certificate's private key")] = ""

    # DetectLabels.
    strict: Annotated[
        bool, Meta(description="refuse what Rekognition refuses: other formats, sizes, dimensions")
    ] = True
    buckets: Annotated[
        dict[str, str], Meta(description="paths or URLs that bucket names in requests stand for")
    ] = {}

    # Uploads.
    uploads: Annotated[bool, Meta(description="take images from the page into the source")] = False
    upload_folder: Annotated[
        str, Meta(description="folder of the source that uploads are put into")
    ] = "uploads"
    uploads_per_minute: Annotated[
        int, Meta(ge=1, description="uploads that are taken in a minute, in all")
    ] = 600

    # Limits on what is under way.
    most_requests: Annotated[
        int, Meta(ge=1, description="requests with an image at once; more are told to come back")
    ] = 256
    most_request_bytes: Annotated[
        int, Meta(ge=MEGABYTE, description="memory for what is being received")
    ] = 512 * MEGABYTE
    receive_seconds: Annotated[
        float, Meta(ge=1, description="time in which a request must have arrived")
    ] = 60.0

    log_format: Annotated[
        Literal["auto", "json", "text"],
        Meta(description="lines of the log; auto is text on a terminal, else JSON"),
    ] = "auto"
