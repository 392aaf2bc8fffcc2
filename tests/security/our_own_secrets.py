"""What Lattice's own secrets look like, for detect-secrets, which loads this file by its path."""

import re

from detect_secrets.plugins.base import RegexBasedDetector


class OurOwnDetector(RegexBasedDetector):
    secret_type = "Secret of Lattice"

    denylist = [
        re.compile(r"\blat_[0-9A-Za-z]{12}_[0-9A-Za-z]{46}\b"),  # an API key
        re.compile(r"\bwhsec_[A-Za-z0-9+/]{32,}={0,2}"),  # a webhook's signing secret
    ]
