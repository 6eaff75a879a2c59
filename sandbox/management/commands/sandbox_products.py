"""Brings the test products that come with the portal into the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sandbox import backends, shipped
from sandbox.backends.base import BackendError
from sandbox.models import Blueprint, Pool, Slot


class Command(BaseCommand):
    help = (
        "Loads test products that come with the portal, all or those named. A product whose specification "
        "has changed gets a new version; what nobody has run yet stays a draft. With --open those can be "
        "booked whose images are there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("product", nargs="*", help="Short names, as dokuwiki; all without.")
        parser.add_argument("--pool", default="container", help="Key of their places.")
        parser.add_argument("--engine", default="container", help="Engine of new places.")
        parser.add_argument("--open", action="store_true", help="Let them be booked.")
        parser.add_argument("--places", type=int, default=0, help="So many places at least.")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = {*options["product"]} - {*shipped.slugs()}
        if unknown:
            raise CommandError(f"Not known: {', '.join(sorted(unknown))}.")
        for slug in options["product"] or shipped.slugs(options["engine"]):
            with transaction.atomic():
                pool = self._pool(options)
                blueprint = shipped.ensure(slug, pool)
                problems = _problems(blueprint, options["engine"])
                # What an operator has closed stays closed, unless they say otherwise.
                blueprint.is_bookable = not problems and (options["open"] or blueprint.is_bookable)
                blueprint.save(update_fields=["is_bookable"])
            word = "can be booked" if blueprint.is_bookable else "is ready, and closed"
            self.stdout.write(f"{slug}: {'; '.join(problems) or word}")

    def _pool(self, options: dict[str, Any]) -> Pool:
        pool, _is_new = Pool.objects.get_or_create(
            slug=options["pool"], defaults={"name": options["pool"]}
        )
        for number in range(1, options["places"] + 1):
            Slot.objects.get_or_create(
                pool=pool, name=f"Platz {number}", defaults={"backend": options["engine"]}
            )
        return pool


def _problems(blueprint: Blueprint, engine: str) -> list[str]:
    """Why it cannot be booked yet."""
    version = blueprint.published_version()
    if version is None:
        return ["nobody has run it yet: try it and publish it in the administration"]
    try:
        return backends.get(engine).validate(version.parsed)
    except BackendError as error:
        return [str(error)]
