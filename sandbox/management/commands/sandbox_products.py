"""Brings the test products that come with the portal into the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sandbox import backends, shipped
from sandbox.backends.base import BackendError
from sandbox.enums import ResourceClass
from sandbox.models import Blueprint, Pool, Slot


class Command(BaseCommand):
    help = (
        "Loads test products that come with the portal, all or those named. One that is there keeps its texts, "
        "its places and its published version: what is new becomes a draft. What nobody has run yet is a draft "
        "too. With --open new ones, and those named, can be booked where their images are there."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("product", nargs="*", help="Short names, as dokuwiki; all without.")
        parser.add_argument("--pool", default="container", help="Key of their places.")
        parser.add_argument("--engine", default="container", help="Engine of new places.")
        parser.add_argument(
            "--class", dest="resources", choices=ResourceClass.values, default=ResourceClass.SMALL,
            help="What the places of a new capacity offer.",
        )  # fmt: skip
        parser.add_argument("--open", action="store_true", help="Let them be booked.")
        parser.add_argument("--places", type=int, default=0, help="So many places at least.")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = {*options["product"]} - {*shipped.slugs()}
        if unknown:
            raise CommandError(f"Not known: {', '.join(sorted(unknown))}.")
        for slug in options["product"] or shipped.slugs(options["engine"]):
            with transaction.atomic():
                is_known = Blueprint.objects.filter(slug=slug).exists()
                blueprint = shipped.ensure(slug, self._pool(options))
                told = _problems(blueprint, options["engine"])
                # What an operator has closed stays closed, unless they name it.
                if options["open"] and not told and (options["product"] or not is_known):
                    blueprint.is_bookable = True
                    blueprint.save(update_fields=["is_bookable"])
            told = told or ["can be booked" if blueprint.is_bookable else "is ready, and closed"]
            self.stdout.write(f"{slug}: {'; '.join([*told, *_news(blueprint)])}")

    def _pool(self, options: dict[str, Any]) -> Pool:
        pool, _is_new = Pool.objects.get_or_create(
            slug=options["pool"],
            defaults={"name": options["pool"], "resource_class": options["resources"]},
        )
        for number in range(1, options["places"] + 1):
            Slot.objects.get_or_create(
                pool=pool, name=f"Platz {number}", defaults={"backend": options["engine"]}
            )
        return pool


def _news(blueprint: Blueprint) -> list[str]:
    """What waits for an operator."""
    if shipped.has_news(blueprint):
        return ["what is new waits until your draft is published"]
    newest = blueprint.versions.order_by("-number").first()
    published = blueprint.published_version()
    if newest is None or newest.is_published or published is None:
        return []
    return [f"version {newest.number} is a draft: try it and publish it in the administration"]


def _problems(blueprint: Blueprint, engine: str) -> list[str]:
    """Why it cannot be booked yet."""
    version = blueprint.published_version()
    if version is None:
        return ["nobody has run it yet: try it and publish it in the administration"]
    if problems := blueprint.pool.problems_of(version.parsed):
        return problems
    try:
        return backends.get(engine).validate(version.parsed)
    except BackendError as error:
        return [str(error)]
