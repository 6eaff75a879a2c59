"""The portal's settings with the times of its engines written down."""

from osk_portal.settings import *  # noqa: F403 # the same file

INSTALLED_APPS = [*INSTALLED_APPS, "bench.engine_times.EngineTimes"]  # noqa: F405 # from the line above
