"""Texts that try to be more than text, and a record that has one in every place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from tests.site.samples import box, color, label, record

if TYPE_CHECKING:
    from bucketlens.records import LabelRecord

ATTACKS = [
    "<svg onload=alert(1)>.jpg",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}",
    "</title></style></textarea><script>alert(1)",
    "<!-- --><![CDATA[<x>]]>",
    "&lt;script&gt;&#x3c;",
    "a\nb\r\n\x00\x0b\t",
    "\u202egpj.exe\u2066",
    '" autofocus onfocus=alert(1) x="',
    "`${alert(1)}`\\'\"",
    "\udce9\ud800",
    "\uff1cscript\uff1e\u2028",
]


def everywhere(text: str) -> LabelRecord:
    """A record with that text in every place that a page shows."""
    return record(
        key=text,
        labels=[
            label(
                text,
                parents=[text],
                aliases=[text],
                categories=[text],
                boxes=[box(0.1, 0.1, 0.2, 0.2)],
            ),
            label("Ball", 80.0),
        ],
        model_version=text,
        colors=[
            msgspec.structs.replace(
                color(1, 2, 3, 50.0, text), hex_code=text, simplified_color=text
            )
        ],
        taken=text,
    )
