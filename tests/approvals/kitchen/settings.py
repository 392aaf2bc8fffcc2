"""The house as it is, in processes that also know loaves."""

from config import settings as house

globals().update({name: value for name, value in vars(house).items() if name.isupper()})
ROOT_URLCONF = "tests.approvals.kitchen.urls"
