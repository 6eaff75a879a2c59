"""The text of a solution as the search reads it; one row a solution, written by the service."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import GeneratedField
from django.db.models.functions import Left

from catalog.models.solutions import Solution


def _weighted(config: str) -> models.Expression:
    """Product names first, then what it can replace and where it belongs, then the rest."""
    return (
        SearchVector("names", config=config, weight="A")
        + SearchVector("alternatives", "labels", "short", config=config, weight="B")
        + SearchVector("organisations", config=config, weight="C")
        + SearchVector("long", config=config, weight="D")
    )


class SolutionDocument(models.Model):
    """Plain columns, and vectors that PostgreSQL derives from them.

    A generated column sees only its own row and immutable functions, so everything that is searched is
    gathered here first. ``german`` and ``english`` stem the text as written; ``simple`` holds the folded
    words (both ``buergerbuero`` and ``burgerburo``) for prefixes; ``folded`` carries the trigrams.
    """

    solution = models.OneToOneField(
        Solution, on_delete=models.CASCADE, primary_key=True, related_name="search_document"
    )
    names = models.TextField(default="")
    short = models.TextField(default="")
    long = models.TextField(default="")
    labels = models.TextField(default="")
    organisations = models.TextField(default="")
    alternatives = models.TextField(default="")
    folded_names = models.TextField(default="")
    folded = models.TextField(default="")
    german = GeneratedField(
        expression=_weighted("german"), output_field=SearchVectorField(), db_persist=True
    )
    english = GeneratedField(
        expression=_weighted("english"), output_field=SearchVectorField(), db_persist=True
    )
    simple = GeneratedField(
        expression=SearchVector("folded_names", config="simple", weight="A")
        + SearchVector("folded", config="simple", weight="B"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = "search document"
        verbose_name_plural = "search documents"
        ordering = ["pk"]
        indexes = [
            GinIndex(fields=["german"], name="solution_document_german"),
            GinIndex(fields=["english"], name="solution_document_english"),
            GinIndex(fields=["simple"], name="solution_document_simple"),
            GinIndex(OpClass("folded", "gin_trgm_ops"), name="solution_document_trigrams"),
            GinIndex(OpClass("folded_names", "gin_trgm_ops"), name="solution_document_names"),
            # The names that begin so, in their order; whole ones may be too long for an index.
            models.Index(
                OpClass(Left("folded_names", 200), "text_pattern_ops"),
                name="solution_document_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"search document of {self.pk}"


class SearchEntry(models.Model):
    """What decides whether a document fits: one narrow row, so that finding reads no texts.

    ``words`` are the lexemes of the three vectors, each behind one letter: d, e (stemmed in German, English) or s
    (folded). What stands in front is there a second time: D, E for names, alternatives, labels and the short text,
    S for names. One column with one index, so PostgreSQL answers a query of many words and spellings from the index
    alone; with three columns it read and unpacked every document. ``length`` counts the German words: of those that
    fit a common word the short ones are ranked first.

    Triggers on documents and solutions write it (migration): whatever changes those cannot forget it.
    """

    solution = models.OneToOneField(
        Solution, on_delete=models.CASCADE, primary_key=True, related_name="search_entry"
    )
    is_published = models.BooleanField()
    length = models.IntegerField()
    words = SearchVectorField()

    class Meta:
        verbose_name = "search entry"
        verbose_name_plural = "search entries"
        ordering = ["pk"]
        indexes = [
            GinIndex(
                fields=["words"], condition=models.Q(is_published=True), name="search_entry_words"
            )
        ]

    def __str__(self) -> str:
        return f"search entry of {self.pk}"


class SearchWord(models.Model):
    """A word that stands in some document, folded, as ``SolutionDocument.simple`` has it.

    What people type may stand inside a longer word. Which words those are is asked here, where each stands
    once; the documents are then found by whole words, for which their index alone suffices: looking for parts of
    words in the documents themselves means to read each that may fit. A trigger on the documents adds words
    (migration). A word may stand here twice, and stays when no document has it any more: nobody reads the list.
    """

    word = models.TextField()

    class Meta:
        verbose_name = "search word"
        verbose_name_plural = "search words"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["word"], name="search_word_word"),
            GinIndex(OpClass("word", "gin_trgm_ops"), name="search_word_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word


class CommonWordList(models.Model):
    """Which words many entries hold, as it was at one moment; see ``catalog.common_words``, which makes it.

    ``snapshot``: PostgreSQL's pg_snapshot of that moment, and ``cluster`` the system identifier of the server whose
    transactions it speaks of. A column ``changed_by`` of the search entries, kept by triggers and unknown here, has the
    transaction that wrote each row last (migration 0022). ``by_length``: the keys of all entries, the shortest text
    first, four bytes each, the highest first.
    """

    snapshot = models.TextField()
    cluster = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    seconds = models.FloatField(default=0)
    by_length = models.BinaryField()

    class Meta:
        verbose_name = "list of common words"
        verbose_name_plural = "lists of common words"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"common words of {self.entries} entries"


class CommonWord(models.Model):
    """``lexeme``: with its mark, as in ``SearchEntry.words``; ``entries``: their keys, a serialized roaring bitmap."""

    list = models.ForeignKey(CommonWordList, on_delete=models.CASCADE, related_name="words")
    lexeme = models.TextField()
    entries = models.BinaryField()

    class Meta:
        verbose_name = "common word"
        verbose_name_plural = "common words"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["list", "lexeme"], name="common_word_unique"),
        ]

    def __str__(self) -> str:
        return self.lexeme
