"""The site: plain files that show what was seen in each image.

    LabelRecord -> one page, its thumbnail, preview and public JSON    (writer, pages, public)
    the catalog -> index page and overview                             (digest, shell, overview)
                -> the pieces that the search reads                    (pieces)

Everything here is derived from records and can be made again at any time: the same records and
settings give the same bytes. The pages can be read without scripts, load nothing from elsewhere,
and work from a web server, a bucket or a folder opened in a browser.
"""

from bucketlens.site.design import Design
from bucketlens.site.digest import Digest, digest
from bucketlens.site.overview import overview_page
from bucketlens.site.pages import image_page
from bucketlens.site.pieces import SiteIndex
from bucketlens.site.public import PublicImage, public_image
from bucketlens.site.shell import Shell, index_page
from bucketlens.site.writer import SiteStore, SiteWriter

__all__ = [
    "Design",
    "Digest",
    "PublicImage",
    "Shell",
    "SiteIndex",
    "SiteStore",
    "SiteWriter",
    "digest",
    "image_page",
    "index_page",
    "overview_page",
    "public_image",
]
