"""A policy to release, and what came of it where nobody has to be asked."""

from apps.policies.services.approving import Held
from apps.policies.services.versions import Released

POLICY = """\
# What the shop's agents may do.
version: "1"
allowed_dirs: [docs, plans]
deny_globs: ["**/secrets/**"]
rules:
  - name: agents are reviewed
    when: {actor: [agent]}
    then: {require: [{name: review, roles: [reviewer]}]}
  - name: nobody deletes
    when: {operation: [delete]}
    then: {deny: Deleting is for people with a spade.}
default:
  then: {allow: true}
"""


def at_once(came: Released | Held) -> Released:
    assert isinstance(came, Released)
    return came
