"""What came of a release, for tests in which nobody has to be asked."""

from apps.policies.services.approving import Held
from apps.policies.services.versions import Released


def at_once(came: Released | Held) -> Released:
    assert isinstance(came, Released)
    return came
