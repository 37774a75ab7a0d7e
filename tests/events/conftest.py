"""Settings of the property tests here."""

from hypothesis import settings

# A busy machine makes single examples slow, which says nothing about the code.
settings.register_profile("events", deadline=None)
settings.load_profile("events")
