"""Amazon Rekognition's DetectLabels as it goes over the wire: AWS JSON 1.1, Signature V4.

    signed request -> access key    (authorization, canonical, signing)
    JSON -> what is asked           (requests)
    what is asked -> image bytes    (images, limits)
    scores -> reply                 (answers)

Names and messages of errors are the service's own (errors).
"""
