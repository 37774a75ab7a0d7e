"""The server: a site that shows what is labelled, a REST API, and DetectLabels without AWS.

    request -> who may ask (guarding, access) -> where it goes (routes)
        POST /              DetectLabels, signed as for AWS      (protocol)
        /v1/...             labels, images, uploads              (rest, uploads)
        /index.html ...     the site's files                     (files)
        /healthz, /metrics  for those who run it                 (health, metrics)

It is a door: it turns requests into work for ``bucketlens.live`` and records into answers.
"""
