"""Several lists of rows in one query: a page of many small sections costs one round trip, not one a section.

Each list is a subquery that PostgreSQL gives as JSON; the rows become instances again as if they had been
read by themselves. For lists of one page, some hundred rows each: for more, use a query of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models.functions import JSONObject

M = TypeVar("M", bound=models.Model)

_INEXACT: Final = (models.DecimalField, models.DurationField, models.BinaryField)
"""JSON does not bring their values back as they were."""


@dataclass(frozen=True)
class Rows(Generic[M]):
    """The rows of ``queryset`` in its order; ``related``: foreign keys that are read along."""

    queryset: models.QuerySet[M]
    related: tuple[str, ...] = ()


def fetch(anchor: models.Model, wanted: Mapping[str, Rows[Any]]) -> dict[str, list[Any]]:
    """The rows of each wanted list, in one query. ``anchor``: a saved row on which the query hangs.

    Raises ``DoesNotExist`` when the anchor is gone, and TypeError for a field that JSON cannot carry.
    """
    arrays = (ArraySubquery(rows.queryset.values(_json=_object(rows))) for rows in wanted.values())
    found = type(anchor)._base_manager.filter(pk=anchor.pk).values_list(*arrays).get()
    return {
        name: [_instance(rows, values) for values in lists]
        for (name, rows), lists in zip(wanted.items(), found, strict=True)
    }


def attach(
    instance: models.Model, relations: Mapping[str, Rows[Any]], **more: Rows[Any]
) -> dict[str, list[Any]]:
    """Read ``relations`` of ``instance`` (name of the related manager → rows) as a prefetch would, and
    ``more``, which is returned; one query for all."""
    wanted = {
        name: Rows(_of(instance, name, rows.queryset), rows.related)
        for name, rows in relations.items()
    }
    found = fetch(instance, {**wanted, **more})
    for name in relations:
        hold(instance, name, found.pop(name))
    return found


def hold(instance: models.Model, name: str, rows: Iterable[models.Model]) -> None:
    """Let ``instance.name.all()`` be ``rows`` without a query, as after a prefetch."""
    relation: Any = instance._meta.get_field(name)
    kept = list(rows)
    if relation.one_to_many:
        for row in kept:
            setattr(row, relation.remote_field.name, instance)
    result: Any = getattr(instance, name).all()
    result._result_cache = kept
    result._prefetch_done = True
    instance.__dict__.setdefault("_prefetched_objects_cache", {})[name] = result


def _of(instance: models.Model, name: str, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
    relation: Any = instance._meta.get_field(name)
    there = relation.related_query_name() if relation.concrete else relation.remote_field.name
    return queryset.filter(**{there: instance.pk})


def _object(rows: Rows[Any]) -> JSONObject:
    model = rows.queryset.model
    parts: dict[str, Any] = dict(_columns(model))
    for name in rows.related:
        parts[name] = JSONObject(**_columns(_target(model, name), f"{name}__"))
    return JSONObject(**parts)


def _columns(model: type[models.Model], prefix: str = "") -> dict[str, str]:
    for field in model._meta.concrete_fields:
        if isinstance(field, _INEXACT):
            raise TypeError(f"{model.__name__}.{field.name} cannot be read as JSON")
    return {field.attname: f"{prefix}{field.attname}" for field in model._meta.concrete_fields}


def _target(model: type[models.Model], name: str) -> type[models.Model]:
    target = model._meta.get_field(name).related_model
    if not (isinstance(target, type) and issubclass(target, models.Model)):
        raise TypeError(f"{model.__name__}.{name} is no foreign key")
    return target


def _instance(rows: Rows[M], values: Mapping[str, Any]) -> M:
    model = rows.queryset.model
    made = _made(model, values)
    for name in rows.related:
        target = _target(model, name)
        key = values[name][target._meta.pk.attname]
        setattr(made, name, None if key is None else _made(target, values[name]))
    return made


def _made(model: type[M], values: Mapping[str, Any]) -> M:
    names = [field.attname for field in model._meta.concrete_fields]
    typed = [field.to_python(values[field.attname]) for field in model._meta.concrete_fields]
    return model.from_db("default", names, typed)
