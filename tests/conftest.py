"""For all tests: a property is never judged by the time it takes."""

from hypothesis import settings

settings.register_profile("desk", deadline=None)
settings.load_profile("desk")
