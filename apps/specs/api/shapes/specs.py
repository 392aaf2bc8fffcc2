"""What the views of specs read and show."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from rest_framework import serializers

from apps.common.diffs.unified import written_hunk
from apps.specs.choices import LinkKind, Status
from apps.specs.models.graph import Link, Node, Revision, Suspect, Version
from apps.specs.selectors.blame import Blamed
from apps.specs.selectors.comparing import Difference
from apps.specs.selectors.impact import Reached
from apps.specs.selectors.nodes import node_id_of

AS_OF = (
    "The graph as it was: on a day (2026-05-01, the whole of it, by UTC), at a moment "
    "(2026-05-01T12:00:00Z) or after a revision (rev:41)."
)
SIDE = "A version (3), or a moment: 2026-05-01, 2026-05-01T12:00:00Z or rev:41."
MOST_CLEARED = 200


class AsOfQuery(serializers.Serializer[Any]):
    as_of = serializers.CharField(required=False, max_length=40, help_text=AS_OF)


class SpecFilter(AsOfQuery):
    kind = serializers.CharField(required=False, max_length=40)
    vars()["label"] = serializers.CharField(
        required=False, max_length=60, help_text="Those that bear it."
    )
    status = serializers.ChoiceField(choices=Status.values, required=False)
    owner = serializers.UUIDField(required=False, help_text="Who looks after it.")
    vars()["parent"] = serializers.CharField(
        required=False, max_length=80, help_text="Key or id of what they are parts of."
    )
    linked = serializers.CharField(
        required=False, max_length=80, help_text="Key or id of what they have a link to or from."
    )
    q = serializers.CharField(
        required=False, max_length=200, help_text="Stands in their key, title or body."
    )


class MomentsQuery(serializers.Serializer[Any]):
    vars()["from"] = serializers.CharField(max_length=40, help_text=AS_OF)
    to = serializers.CharField(required=False, max_length=40, help_text="Not given: now.")


class SidesQuery(serializers.Serializer[Any]):
    vars()["from"] = serializers.CharField(max_length=40, help_text=SIDE)
    to = serializers.CharField(required=False, max_length=40, help_text=f"{SIDE} Not given: now.")


class ImpactQuery(serializers.Serializer[Any]):
    most = serializers.IntegerField(
        default=1000, min_value=1, max_value=1000, help_text="So many nodes, the nearest first."
    )


class SuspectFilter(serializers.Serializer[Any]):
    owner = serializers.UUIDField(required=False, help_text="Who looks after what is doubtful.")


class ClearInput(serializers.Serializer[Any]):
    seen = serializers.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        help_text="The highest `latest` of the doubtful links that you looked at.",
    )
    causes = serializers.ListField(
        child=serializers.CharField(max_length=80),
        min_length=1,
        max_length=MOST_CLEARED,
        help_text="What has changed, of which you looked whether the specs still are right.",
    )


class ClearManyInput(ClearInput):
    specs = serializers.ListField(
        child=serializers.CharField(max_length=80), min_length=1, max_length=MOST_CLEARED
    )


class NamedOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.CharField()
    title = serializers.CharField()

    class Meta:
        ref_name = "NamedSpec"


class SpecOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.values)
    labels = serializers.ListField(child=serializers.CharField())
    owner_id = serializers.UUIDField(allow_null=True)
    parent_id = serializers.UUIDField(allow_null=True)
    version = serializers.IntegerField()
    revision = serializers.IntegerField(help_text="Which made this version.")
    changed_at = serializers.DateTimeField()

    class Meta:
        ref_name = "Spec"


class LinkOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    target = NamedOutput()

    class Meta:
        ref_name = "SpecLink"


class LinkedFromOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    vars()["source"] = NamedOutput()

    class Meta:
        ref_name = "SpecLinkedFrom"


class BroughtOutput(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    at = serializers.DateTimeField()
    authors = serializers.ListField(
        child=serializers.UUIDField(), help_text="Who proposed it, and whoever edited it in review."
    )
    approvers = serializers.ListField(child=serializers.UUIDField())
    request_id = serializers.UUIDField(
        allow_null=True, help_text="The approval it took. Null: the policy asked for none."
    )
    proposal_id = serializers.UUIDField()
    why = serializers.CharField(help_text="The proposal's title.")

    class Meta:
        ref_name = "SpecBrought"


class WholeSpecOutput(SpecOutput):
    heading = serializers.CharField(help_text="Its line in a file, where it is not the plain one.")
    body = serializers.CharField()
    attributes = serializers.DictField()
    links = LinkOutput(many=True)
    linked_from = LinkedFromOutput(many=True)
    links_cut = serializers.BooleanField(help_text="There are more links than are shown.")
    brought = BroughtOutput(help_text="How this version came to be.")

    class Meta:
        ref_name = "WholeSpec"


class VersionOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.values)
    is_live = serializers.BooleanField(help_text="False: with this version it was deleted.")
    brought = BroughtOutput()

    class Meta:
        ref_name = "SpecVersion"


class WholeVersionOutput(VersionOutput):
    labels = serializers.ListField(child=serializers.CharField())
    owner_id = serializers.UUIDField(allow_null=True)
    parent_id = serializers.UUIDField(allow_null=True)
    heading = serializers.CharField()
    body = serializers.CharField()
    attributes = serializers.DictField()

    class Meta:
        ref_name = "WholeSpecVersion"


class FieldChangeOutput(serializers.Serializer[Any]):
    vars()["field"] = serializers.CharField(help_text="An attribute is attributes.<name>.")
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)

    class Meta:
        ref_name = "SpecFieldChange"


class LinkChangeOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    target_id = serializers.UUIDField()
    target = serializers.CharField(help_text="The present key.")

    class Meta:
        ref_name = "SpecLinkChange"


class DifferenceOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.CharField()
    change = serializers.ChoiceField(choices=["added", "changed", "removed", "none"])
    vars()["fields"] = FieldChangeOutput(many=True)
    lines_added = serializers.IntegerField(help_text="Of the body.")
    lines_removed = serializers.IntegerField()
    links_gained = LinkChangeOutput(many=True)
    links_lost = LinkChangeOutput(many=True)

    class Meta:
        ref_name = "SpecDifference"


class WholeDifferenceOutput(DifferenceOutput):
    patch = serializers.CharField(help_text="Of the body, as a unified diff without file names.")

    class Meta:
        ref_name = "WholeSpecDifference"


class StepOutput(serializers.Serializer[Any]):
    link = serializers.ChoiceField(choices=LinkKind.choices)
    id = serializers.UUIDField()
    key = serializers.CharField()

    class Meta:
        ref_name = "ImpactStep"


class ReachedOutput(NamedOutput):
    kind = serializers.CharField()
    distance = serializers.IntegerField()
    path = StepOutput(many=True, help_text="The shortest, from it to what changes.")

    class Meta:
        ref_name = "ImpactReached"


class ImpactOutput(serializers.Serializer[Any]):
    results = ReachedOutput(many=True, help_text="The nearest first.")
    cut = serializers.BooleanField(help_text="More depend on it than are shown.")

    class Meta:
        ref_name = "SpecImpact"


class BlamedOutput(serializers.Serializer[Any]):
    first_line = serializers.IntegerField()
    last_line = serializers.IntegerField()
    text = serializers.CharField()
    version = serializers.IntegerField(
        help_text="Which brought it; or the oldest that was read, where `brought` is null."
    )
    brought = BroughtOutput(
        allow_null=True, help_text="Null: it is older, and the history too long to read on."
    )

    class Meta:
        ref_name = "SpecBlamed"


class BlameOutput(serializers.Serializer[Any]):
    key = serializers.CharField()
    version = serializers.IntegerField()
    paragraphs = BlamedOutput(many=True)

    class Meta:
        ref_name = "SpecBlame"


class SuspectOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    spec = NamedOutput(help_text="To be looked at.")
    link = serializers.ChoiceField(choices=LinkKind.choices)
    cause = NamedOutput(help_text="What has changed.")
    revision = serializers.IntegerField(
        help_text="The first that changed the cause since this was last cleared."
    )
    latest = serializers.IntegerField(help_text="The last one that did.")
    marked_at = serializers.DateTimeField()

    class Meta:
        ref_name = "SpecSuspect"


class ClearedOutput(serializers.Serializer[Any]):
    cleared = serializers.IntegerField(help_text="Doubtful links that were cleared now.")

    class Meta:
        ref_name = "SuspectsCleared"


def named(node: Node) -> dict[str, Any]:
    return {"id": str(node.id), "key": node.key, "title": node.title}


def spec(row: Node | Version) -> dict[str, Any]:
    return {
        "id": str(node_id_of(row)),
        **{name: getattr(row, name) for name in ("key", "kind", "title", "status", "labels")},
        "owner_id": row.owner_id,
        "parent_id": row.parent_id,
        "version": row.version,
        "revision": row.revision,
        "changed_at": row.changed_at,
    }


def whole_spec(
    row: Node | Version, links: Sequence[Link], revision: Revision, *, cut: bool
) -> dict[str, Any]:
    of = node_id_of(row)
    return {
        **spec(row),
        **{name: getattr(row, name) for name in ("heading", "body", "attributes")},
        "links": [
            {"kind": link.kind, "target": named(link.target)}
            for link in links
            if link.source_id == of
        ],
        "linked_from": [
            {"kind": link.kind, "source": named(link.source)}
            for link in links
            if link.target_id == of
        ],
        "links_cut": cut,
        "brought": brought(revision),
    }


def brought(revision: Revision) -> dict[str, Any]:
    return {
        "revision": revision.number,
        "at": revision.at,
        "authors": revision.authors,
        "approvers": revision.approvers,
        "request_id": revision.request_id,
        "proposal_id": revision.proposal_id,
        "why": revision.proposal.title,
    }


def version(row: Version, revision: Revision) -> dict[str, Any]:
    said = ("version", "key", "kind", "title", "status", "is_live")
    return {**{name: getattr(row, name) for name in said}, "brought": brought(revision)}


def whole_version(row: Version, revision: Revision) -> dict[str, Any]:
    more = ("labels", "owner_id", "parent_id", "heading", "body", "attributes")
    return {**version(row, revision), **{name: getattr(row, name) for name in more}}


def difference(found: Difference, keys: Mapping[UUID, str]) -> dict[str, Any]:
    lines = [line.kind for hunk in found.hunks for line in hunk.lines]
    return {
        "id": str(found.node),
        "key": found.key,
        "change": _change(found),
        "fields": [
            {"field": name, "before": before, "after": after}
            for name, (before, after) in found.fields.items()
        ],
        "lines_added": lines.count("+"),
        "lines_removed": lines.count("-"),
        "links_gained": [_link(link.kind, link.target, keys) for link in found.gained],
        "links_lost": [_link(link.kind, link.target, keys) for link in found.lost],
    }


def _change(found: Difference) -> str:
    if found.is_none:
        return "none"
    if found.before is None:
        return "added"
    return "changed" if found.after else "removed"


def _link(kind: LinkKind, target: UUID, keys: Mapping[UUID, str]) -> dict[str, Any]:
    return {"kind": kind, "target_id": str(target), "target": keys[target]}


def ends_of(found: Iterable[Difference]) -> set[UUID]:
    """Of which a key is shown."""
    return {link.target for each in found for link in (*each.gained, *each.lost)}


def whole_difference(found: Difference, keys: Mapping[UUID, str]) -> dict[str, Any]:
    lines = (line for hunk in found.hunks for line in written_hunk(hunk))
    return {**difference(found, keys), "patch": "".join(f"{line}\n" for line in lines)}


def reached(found: Reached) -> dict[str, Any]:
    return {
        "id": str(found.node_id),
        "key": found.key,
        "title": found.title,
        "kind": found.kind,
        "distance": found.distance,
        "path": [
            {"link": step.link, "id": str(step.node_id), "key": step.key} for step in found.path
        ],
    }


def blamed(found: Blamed) -> dict[str, Any]:
    return {
        "first_line": found.paragraph.first,
        "last_line": found.paragraph.last,
        "text": found.paragraph.text,
        "version": found.version,
        "brought": found.revision and brought(found.revision),
    }


def suspect(row: Suspect) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "spec": named(row.node),
        "link": row.link.kind,
        "cause": named(row.cause),
        "revision": row.revision,
        "latest": row.latest,
        "marked_at": row.marked_at,
    }
