"""How often the API is asked."""

from __future__ import annotations

from django.db import models


class ApiUse(models.Model):
    """Requests to the API from one address of the network, in the minute that runs.

    ``who`` is a keyed hash that changes with the day: from it nobody learns the address, and no row says
    what was asked. Rows of earlier days are deleted.
    """

    who = models.CharField(max_length=64, primary_key=True)
    minute = models.DateTimeField(db_index=True)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "use of the API"
        verbose_name_plural = "uses of the API"
        ordering = ["who"]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M}: {self.number}"
