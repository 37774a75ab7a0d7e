"""The settings of how records are kept: one file each, or many in a pack."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from bucketlens.settings_forecast import ForecastSettings


class PackSettings(ForecastSettings, frozen=True, kw_only=True):
    """Part of :class:`bucketlens.settings.Settings`; see docs/configuration.md."""

    records_format: Annotated[
        Literal["json", "parquet"],
        Meta(description="one file a record, or many in a pack and no pages; both are always read"),
    ] = "json"
    pack_records: Annotated[
        int, Meta(ge=1, le=65_536, description="records in a pack at most, all of them in memory")
    ] = 8192
    pack_bytes: Annotated[
        int, Meta(ge=1, description="bytes of records in a pack at most, about")
    ] = 64 * 1024 * 1024
    pack_seconds: Annotated[
        float,
        Meta(ge=0.0, description="a pack is written after so long at most; lost if killed before"),
    ] = 60.0
