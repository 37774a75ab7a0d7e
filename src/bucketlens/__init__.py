"""bucketlens labels the images that arrive in buckets and folders."""

__version__ = "0.1.0"
