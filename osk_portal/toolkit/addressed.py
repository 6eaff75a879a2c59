"""Base of everything that has an address of its own."""

import uuid

from django.db import models


class Addressed(models.Model):
    """Has a public id that cannot be guessed; row numbers never leave the server."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        abstract = True
