from __future__ import annotations

from django.db import connection, models


class Counter(models.Model):
    """A rising number a name and year, for references."""

    name = models.CharField(max_length=30)
    year = models.PositiveSmallIntegerField()
    value = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["name", "year"]
        constraints = [models.UniqueConstraint(fields=["name", "year"], name="counter_unique")]

    def __str__(self) -> str:
        return f"{self.name} {self.year}: {self.value}"

    @classmethod
    def next(cls, name: str, year: int) -> int:
        """Take the next number. Holds the counter's row until the commit: call it last.

        One statement, so that two at once get two numbers and none is lost but by a rollback.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO consulting_counter (name, year, value) VALUES (%s, %s, 1)"
                " ON CONFLICT (name, year) DO UPDATE SET value = consulting_counter.value + 1"
                " RETURNING value",
                [name, year],
            )
            (value,) = cursor.fetchone()
        return int(value)
