"""What a server does beside answering: it watches a source and labels what arrives.

watching -> whole files, keys -> desk, where requests and the backlog meet -> records, pages
"""

from bucketlens.live.measures import Measures, NoMeasures
from bucketlens.live.opening import open_live
from bucketlens.live.service import Live
from bucketlens.live.status import LiveStatus

__all__ = ["Live", "LiveStatus", "Measures", "NoMeasures", "open_live"]
