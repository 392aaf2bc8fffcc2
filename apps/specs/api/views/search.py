"""Specs found by what they say, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, standing
from apps.common.api.openapi import errors
from apps.specs.api.shapes.specs import AsOfQuery
from apps.specs.api.views.specs import READERS, node_called, query
from apps.specs.choices import Status
from apps.specs.errors import MomentUnknown, NodeMissing, SearchTooSlow
from apps.specs.models.graph import Version
from apps.specs.search.asked import LONGEST
from apps.specs.selectors.nodes import revision_named
from apps.specs.services.relating import related_to
from apps.specs.services.searching import FURTHEST, Hit, search_specs

MOST = 50


def _several(field: serializers.Field[Any, Any, Any, Any], told: str) -> Any:
    return serializers.ListField(child=field, required=False, max_length=20, help_text=told)


class SearchQuery(AsOfQuery):
    q = serializers.CharField(
        max_length=LONGEST,
        help_text='Words, a key, a question. "In quotes" stands so; what follows a - does not.',
    )
    kind = _several(serializers.CharField(max_length=40), "Of one of these kinds.")
    vars()["label"] = _several(serializers.CharField(max_length=60), "That bear all of these.")
    status = _several(serializers.ChoiceField(choices=Status.values), "In one of these.")
    limit = serializers.IntegerField(default=20, min_value=1, max_value=MOST)
    offset = serializers.IntegerField(
        default=0,
        min_value=0,
        max_value=FURTHEST,
        help_text="The `next_offset` of the page before.",
    )


class RelatedQuery(AsOfQuery):
    limit = serializers.IntegerField(default=8, min_value=1, max_value=MOST)


class PieceOutput(serializers.Serializer[Any]):
    text = serializers.CharField()
    is_marked = serializers.BooleanField(help_text="It is what was looked for.")

    class Meta:
        ref_name = "SnippetPiece"


class HitOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.values)
    labels = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()
    snippet = PieceOutput(many=True, help_text="The passage that fits best, cut.")
    is_named = serializers.BooleanField(help_text="Its key, or one it had, was asked for.")
    closeness = serializers.FloatField(
        allow_null=True, help_text="Of its meaning, to 1. Null: it was found by its words alone."
    )

    class Meta:
        ref_name = "SpecHit"


class FoundOutput(serializers.Serializer[Any]):
    results = HitOutput(many=True)
    next_offset = serializers.IntegerField(allow_null=True)
    by_meaning = serializers.BooleanField(help_text="Not only by words.")
    because = serializers.CharField(help_text="Why not, as an error's code: `model_away`.")
    waiting = serializers.IntegerField(help_text="Passages whose meaning is still to be found.")

    class Meta:
        ref_name = "SpecsFound"


class RelatedOutput(HitOutput):
    how = serializers.CharField(help_text="How alike they are, in words.")

    class Meta:
        ref_name = "RelatedSpec"


class AllRelatedOutput(serializers.Serializer[Any]):
    results = RelatedOutput(many=True)

    class Meta:
        ref_name = "RelatedSpecs"


def _hit(hit: Hit) -> dict[str, Any]:
    version: Version = hit.version
    return {
        "id": version.node_id,
        "key": version.key,
        "kind": version.kind,
        "title": version.title,
        "status": version.status,
        "labels": version.labels,
        "version": version.number,
        "snippet": [{"text": one.text, "is_marked": one.is_marked} for one in hit.snippet],
        "is_named": hit.is_named,
        "closeness": None if hit.closeness is None else round(hit.closeness, 4),
    }


def _revision(request: Request, asked: dict[str, Any]) -> int | None:
    name = asked.pop("as_of", None)
    return revision_named(name, workspace_id=standing(request).workspace_id) if name else None


@extend_schema(tags=["specs"])
class Search(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="Specs found by what they say",
        description="By words and by meaning, the best first; a key that is named before all. "
        "Typing errors are forgiven. While `waiting` is not 0, or with `by_meaning` false, words "
        "alone find some or all.",
        parameters=[SearchQuery],
        responses={200: FoundOutput, **errors(MomentUnknown, SearchTooSlow)},
    )
    def get(self, request: Request) -> Response:
        asked = query(request, SearchQuery)
        found = search_specs(
            query=asked["q"],
            workspace_id=standing(request).workspace_id,
            actor=caller(request),
            revision=_revision(request, asked),
            kinds=asked.get("kind", ()),
            labels=asked.get("label", ()),
            statuses=asked.get("status", ()),
            most=asked["limit"],
            offset=asked["offset"],
        )
        return Response(
            {
                "results": [_hit(hit) for hit in found.hits],
                "next_offset": asked["offset"] + asked["limit"] if found.has_more else None,
                "by_meaning": found.by_meaning,
                "because": found.because,
                "waiting": found.waiting,
            }
        )


@extend_schema(tags=["specs"])
class Related(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="What says something like a spec",
        description="Whether it is linked with it or not, the closest first. No model is asked "
        "that is elsewhere.",
        parameters=[RelatedQuery],
        responses={200: AllRelatedOutput, **errors(MomentUnknown, NodeMissing)},
    )
    def get(self, request: Request, key: str) -> Response:
        asked = query(request, RelatedQuery)
        revision = _revision(request, asked)
        found = related_to(node_called(request, key), revision=revision, most=asked["limit"])
        return Response({"results": [{**_hit(one.hit), "how": one.how} for one in found]})
