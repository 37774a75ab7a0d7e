"""The settings of what is written beside the records: pictures, pages and how they look."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from bucketlens.settings_live import LiveSettings


class PageSettings(LiveSettings, frozen=True, kw_only=True):
    """Part of :class:`bucketlens.settings.Settings`; see docs/configuration.md."""

    thumbnail_size: Annotated[int, Meta(ge=64, le=1024, description="long side, pixels")] = 320
    preview_size: Annotated[int, Meta(ge=256, le=4096, description="long side, about, pixels")] = (
        1024
    )
    pages: Annotated[bool, Meta(description="write thumbnails, previews and pages")] = True
    title: Annotated[str, Meta(max_length=200, description="title of the site")] = "bucketlens"
    accent: Annotated[
        str,
        Meta(
            pattern="^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
            description="colour of links and marks, such as #0f766e; made readable where it is not",
        ),
    ] = "#0f766e"
    extra_stylesheet: Annotated[
        str, Meta(description="CSS file that is copied into the site and applied last")
    ] = ""
    publish_include: Annotated[
        tuple[str, ...], Meta(description="show only images whose keys match one of these patterns")
    ] = ()
    publish_exclude: Annotated[
        tuple[str, ...], Meta(description="show no images whose keys match one of these patterns")
    ] = ()
    publish_originals: Annotated[
        bool, Meta(description="copy the images themselves, with all that is in them, to the site")
    ] = False

    @property
    def shown(self) -> bool:
        """Whether pages and pictures are written at all."""
        return self.pages and self.records_format == "json"
