"""The site: plain files that show what was seen in each image.

    LabelRecord -> one page, its thumbnail, preview and public JSON   (writer, pages, public)
    many records -> index pages, newest first                         (index, writer)
    the catalog -> what a search in the browser reads                 (pieces)

Everything here is derived from records and can be made again at any time: the same records and
settings give the same bytes. The pages need no script, load nothing from elsewhere, and work from
a web server, a bucket or a folder opened in a browser.
"""

from bucketlens.site.index import IndexBuilder, IndexEntry, IndexPage, entry_of
from bucketlens.site.pages import image_page, index_page
from bucketlens.site.pieces import SiteIndex
from bucketlens.site.public import PublicImage, public_image
from bucketlens.site.writer import SiteStore, SiteWriter

__all__ = [
    "IndexBuilder",
    "IndexEntry",
    "IndexPage",
    "PublicImage",
    "SiteIndex",
    "SiteStore",
    "SiteWriter",
    "entry_of",
    "image_page",
    "index_page",
    "public_image",
]
