"""The house as it is, with one endpoint more to compare with."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.decisions.urls"
