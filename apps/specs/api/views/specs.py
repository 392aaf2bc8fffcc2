"""Specs over HTTP, as they are and as they were."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.common.api.openapi import errors
from apps.common.api.preconditions import answer_with_tag, etag
from apps.specs.api.shapes import specs as shapes
from apps.specs.errors import MomentUnknown, NodeMissing
from apps.specs.models.graph import Node
from apps.specs.selectors import nodes as read
from apps.specs.selectors.blame import blame_of
from apps.specs.selectors.comparing import changed_between, compared, differences
from apps.specs.selectors.impact import impact_of

MOST_LINKS = 500
READERS = (requires(Permission.READ),)


def node_called(request: Request, name: str) -> Node:
    return read.the_node(name=name, actor=caller(request), workspace_id=_workspace(request))


def query(request: Request, shape: type[Serializer[Any]]) -> dict[str, Any]:
    asked = shape(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _workspace(request: Request) -> UUID:
    return standing(request).workspace_id


def _revision(request: Request, name: str | None) -> int | None:
    return read.revision_named(name, workspace_id=_workspace(request)) if name else None


@extend_schema(tags=["specs"])
class Specs(GenericAPIView[Node]):
    permission_classes = READERS
    queryset = Node.objects.none()
    serializer_class = shapes.SpecOutput
    orderings = ("key", "rank", "revision")

    @extend_schema(
        summary="The specs of your workspace",
        description="As they are, or as they were. `rank` is the order of the parts of one parent.",
        parameters=[shapes.SpecFilter],
        responses={200: shapes.SpecOutput(many=True), **errors(MomentUnknown, NodeMissing)},
    )
    def get(self, request: Request) -> Response:
        asked = query(request, shapes.SpecFilter)
        revision = _revision(request, asked.pop("as_of", None))
        if owner := asked.pop("owner", None):
            asked["owner_id"] = owner
        if parent := asked.pop("parent", None):
            asked["parent_id"] = node_called(request, parent).id
        if linked := asked.pop("linked", None):
            asked["linked"] = node_called(request, linked).id
        found: Any = read.nodes_at(
            workspace_id=_workspace(request), actor=caller(request), revision=revision, **asked
        )
        page = self.paginate_queryset(found.defer("body", "heading", "attributes")) or []
        return self.get_paginated_response([shapes.spec(row) for row in page])


@extend_schema(tags=["specs"])
class OneSpec(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="One spec, with its links",
        description="By its key, one that it had before, or its id. The answer names the key that "
        f"it has; other ends of links are named as they are now. Of its links {MOST_LINKS} are "
        "shown: `linked` of the list leads to all.",
        parameters=[shapes.AsOfQuery],
        responses={200: shapes.WholeSpecOutput, **errors(MomentUnknown, NodeMissing)},
    )
    def get(self, request: Request, key: str) -> Response:
        revision = _revision(request, query(request, shapes.AsOfQuery).get("as_of"))
        node = node_called(request, key)
        row = read.as_of(node, revision)
        links = read.links_of(node, revision, most=MOST_LINKS + 1)
        ends = [(link.id, link.source.key, link.target.key) for link in links]
        tag = etag("spec", node.id, row.version, *ends)
        made = read.revisions_numbered(node.workspace_id, [row.revision])[row.revision]
        cut = len(links) > MOST_LINKS
        body = shapes.whole_spec(row, links[:MOST_LINKS], made, cut=cut)
        return answer_with_tag(request, tag, body)


@extend_schema(tags=["specs"])
class Versions(GenericAPIView[Node]):
    permission_classes = READERS
    queryset = Node.objects.none()
    serializer_class = shapes.VersionOutput
    orderings = ("-number",)

    @extend_schema(
        summary="The versions of a spec",
        description="Also of one that was deleted. Each says who proposed it, who approved it, "
        "when and why.",
        responses={200: shapes.VersionOutput(many=True), **errors(NodeMissing)},
    )
    def get(self, request: Request, key: str) -> Response:
        node = node_called(request, key)
        found: Any = read.versions_of(node).defer("body", "heading", "attributes")
        page = self.paginate_queryset(found) or []
        made = read.revisions_numbered(node.workspace_id, [row.revision for row in page])
        return self.get_paginated_response(
            [shapes.version(row, made[row.revision]) for row in page]
        )


@extend_schema(tags=["specs"])
class OneVersion(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="One version of a spec",
        responses={200: shapes.WholeVersionOutput, **errors(NodeMissing)},
    )
    def get(self, request: Request, key: str, number: int) -> Response:
        node = node_called(request, key)
        row = read.the_version(node, number)
        made = read.revisions_numbered(node.workspace_id, [row.revision])[row.revision]
        return answer_with_tag(request, etag("version", row.id), shapes.whole_version(row, made))


@extend_schema(tags=["specs"])
class NodeDifference(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="What has changed about a spec",
        description="Between two versions or moments, in either direction. Where it was not there, "
        "it is `added` or `removed`.",
        parameters=[shapes.SidesQuery],
        responses={200: shapes.WholeDifferenceOutput, **errors(MomentUnknown, NodeMissing)},
    )
    def get(self, request: Request, key: str) -> Response:
        node = node_called(request, key)
        asked = query(request, shapes.SidesQuery)
        found = compared(node, asked["from"], asked.get("to"))
        keys = read.keys_of(shapes.ends_of([found]))
        return Response({**shapes.whole_difference(found, keys), "key": node.key})


@extend_schema(tags=["specs"])
class GraphDifference(GenericAPIView[Node]):
    permission_classes = READERS
    queryset = Node.objects.none()
    serializer_class = shapes.DifferenceOutput
    orderings = ("key",)

    @extend_schema(
        summary="What has changed in the graph",
        description="Between two moments, in either direction. A page may be short: what was "
        "changed and changed back is left out of it.",
        parameters=[shapes.MomentsQuery],
        responses={200: shapes.DifferenceOutput(many=True), **errors(MomentUnknown)},
    )
    def get(self, request: Request) -> Response:
        asked, now = query(request, shapes.MomentsQuery), read.revision_now(_workspace(request))
        named = (_revision(request, asked.get(side)) for side in ("from", "to"))
        one, other = (now if revision is None else revision for revision in named)
        nodes = changed_between(
            workspace_id=_workspace(request), actor=caller(request), one=one, other=other
        )
        found = differences(self.paginate_queryset(nodes.only("id", "key")) or [], one, other)
        keys = read.keys_of(shapes.ends_of(found))
        return self.get_paginated_response([shapes.difference(each, keys) for each in found])


@extend_schema(tags=["specs"])
class Impact(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="What depends on a spec",
        description="Along refines, depends_on, implements and verifies, and conflicts_with in "
        "both directions: each spec once, with its distance and the shortest path.",
        parameters=[shapes.ImpactQuery],
        responses={200: shapes.ImpactOutput, **errors(NodeMissing)},
    )
    def get(self, request: Request, key: str) -> Response:
        most = query(request, shapes.ImpactQuery)["most"]
        node = node_called(request, key)
        found = impact_of([node.id], node.workspace_id, most=most + 1)
        results = [shapes.reached(one) for one in found[:most]]
        return Response({"results": results, "cut": len(found) > most})


@extend_schema(tags=["specs"])
class Blame(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="Who brought each paragraph of a spec",
        description="By which version, who proposed and who approved it, when and why. A paragraph "
        "that only moved keeps its origin.",
        parameters=[shapes.AsOfQuery],
        responses={200: shapes.BlameOutput, **errors(MomentUnknown, NodeMissing)},
    )
    def get(self, request: Request, key: str) -> Response:
        revision = _revision(request, query(request, shapes.AsOfQuery).get("as_of"))
        node = node_called(request, key)
        row = read.as_of(node, revision)
        paragraphs = [shapes.blamed(each) for each in blame_of(node, version=row.version)]
        return Response({"key": node.key, "version": row.version, "paragraphs": paragraphs})
