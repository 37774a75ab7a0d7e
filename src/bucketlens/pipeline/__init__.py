"""From an object to its record: the core that every door calls.

``scoring`` (pixels to scores) -> ``labelling`` (bytes to record) -> ``settling`` (one key, whatever
happens meanwhile) -> ``running`` (a whole source, all cores busy).
"""
