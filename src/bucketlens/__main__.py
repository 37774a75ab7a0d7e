"""``python -m bucketlens``."""

from bucketlens.cli import main

main()
