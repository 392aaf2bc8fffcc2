"""What specs say, as it is searched: passages, where each stands and when, their words and meaning.

A passage stands here once, however many versions say it; none of it changes with keys, labels and
links. All of it can be made anew from versions.
"""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.specs.models.graph import Held, Node, Version


class HalfVector(models.Field):  # type: ignore[type-arg]
    """Of pgvector, of as many dimensions as its model has. Written as [0.1,0.2]."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002
        return "halfvec"


class Corpus(models.Model):
    """A workspace's: what the rarity of a word and the length of a text are measured against."""

    workspace = models.OneToOneField(
        "accounts.Workspace", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    passages = models.PositiveBigIntegerField(default=0)
    length = models.PositiveBigIntegerField(default=0)
    """Words of all passages together."""

    def __str__(self) -> str:
        return f"{self.passages} passages"


class Passage(models.Model):
    """A title and some paragraphs below it."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    digest = models.BinaryField(max_length=32)
    text = models.TextField()
    is_posted = models.BooleanField(default=False)
    """Its words have postings. Until then searches read the text itself."""
    embedded_as = models.CharField(max_length=150, blank=True)
    """Which model's vector is kept where, or which model refused it and why: none asks that one
    about it again. Empty: neither."""
    kept_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "digest"], name="specs_passage_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["workspace", "id"],
                condition=Q(is_posted=False),
                name="specs_passages_unposted",
            ),
            models.Index(fields=["workspace", "embedded_as", "id"], name="specs_passages_embedded"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Place(Held):
    """Where a passage stands: in which version, and what searches are narrowed by."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="places")
    node = models.ForeignKey(Node, on_delete=models.CASCADE, related_name="places")
    version = models.ForeignKey(
        Version, on_delete=models.CASCADE, related_name="places", db_index=False
    )
    number = models.PositiveIntegerField()
    """From the beginning of the node's text, from 0."""
    kind = models.CharField(max_length=40)
    status = models.CharField(max_length=10)
    labels = ArrayField(models.CharField(max_length=60), default=list, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "number"], name="specs_place_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["node"], condition=Q(until=None), name="specs_places_now"),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}, {self.number}"


class Word(models.Model):
    """That is said somewhere in a workspace, by its stem."""

    id = models.BigAutoField(primary_key=True)
    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    stem = models.TextField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "stem"], name="specs_word_once")
        ]
        indexes: ClassVar = [
            GinIndex(OpClass("stem", name="gin_trgm_ops"), name="specs_words_alike"),
        ]

    def __str__(self) -> str:
        return self.stem


class Posting(models.Model):
    """How often a word stands in a passage. Read from its index alone, which holds all of it."""

    pk = models.CompositePrimaryKey("word_id", "passage_id")
    word = models.ForeignKey(
        Word, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    passage = models.ForeignKey(
        Passage, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    times = models.PositiveSmallIntegerField()
    length = models.PositiveSmallIntegerField()
    """Of the passage, in words."""

    def __str__(self) -> str:
        return f"{self.word_id} in {self.passage_id}"


class Vector(models.Model):
    """What a passage means, to one model."""

    passage = models.OneToOneField(
        Passage, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    workspace = models.ForeignKey("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    model = models.CharField(max_length=120)
    vector = HalfVector()

    def __str__(self) -> str:
        return f"{self.passage_id} by {self.model}"
