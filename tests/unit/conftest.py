"""Property tests try the same examples on every run, however busy the machine is."""

from hypothesis import settings

settings.register_profile("unit", deadline=None, derandomize=True)
settings.load_profile("unit")
