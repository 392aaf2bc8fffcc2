"""The house as it is, with one endpoint more to compare with."""

from config import settings as house

globals().update({name: value for name, value in vars(house).items() if name.isupper()})

ROOT_URLCONF = "bench.decisions.urls"
