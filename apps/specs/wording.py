"""Specs in words, as pages say them."""

from apps.specs.choices import LinkKind

OUTWARDS = {kind: kind.value.replace("_", " ") for kind in LinkKind}
INWARDS = {
    LinkKind.REFINES: "is refined by",
    LinkKind.DEPENDS_ON: "is needed by",
    LinkKind.IMPLEMENTS: "is implemented by",
    LinkKind.VERIFIES: "is verified by",
    LinkKind.CONFLICTS_WITH: "conflicts with",
    LinkKind.SUPERSEDES: "is superseded by",
    LinkKind.RELATES_TO: "relates to",
}
