from tests.policies.conftest import (
    _no_limits_from_other_tests,
    agent,
    api,
    contributor,
    owner,
    reviewer,
    workspace,
)

__all__ = [
    "_no_limits_from_other_tests",
    "agent",
    "api",
    "contributor",
    "owner",
    "reviewer",
    "workspace",
]
