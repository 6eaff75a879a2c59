"""Several lists of rows in one query: a page of many small sections costs one round trip, not one a section.

Each list is a subquery that PostgreSQL gives as JSON; the rows become instances again as if they had been
read by themselves. For lists of one page, some hundred rows each: for more, use a query of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import RangeField
from django.db import DEFAULT_DB_ALIAS, models
from django.db.models.functions import JSONArray

from osk_portal.toolkit.prepared import Parameter, Prepared

M = TypeVar("M", bound=models.Model)

ANCHOR: Final = Parameter("anchor", models.BigIntegerField())
"""The key of the row on which the query of ``Lists`` hangs."""
_INEXACT: Final = (models.DecimalField, models.DurationField, models.BinaryField)
"""JSON does not bring their values back as they were."""


@dataclass(frozen=True)
class Rows(Generic[M]):
    """The rows of ``queryset`` in its order; ``related``: foreign keys that are read along; ``extra``:
    annotations of the queryset that JSON brings back as they are (texts, numbers, lists of objects)."""

    queryset: models.QuerySet[M]
    related: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()


class Lists:
    """Lists that pages of a ``model`` show; their one query is prepared.

    ``relations``: name of a related manager of the model → its rows. ``more``: further rows, in which
    parameters may stand.
    """

    def __init__(
        self, model: type[models.Model], relations: Mapping[str, Rows[Any]], **more: Rows[Any]
    ) -> None:
        self._model = model
        self._relations = relations
        self._wanted = {
            **{
                name: Rows(_of(model, name, rows.queryset), rows.related, rows.extra)
                for name, rows in relations.items()
            },
            **more,
        }
        self._prepared = Prepared(self._query)

    def fetch(self, key: int, **given: Any) -> dict[str, list[Any]]:
        """The rows of each list. ``key``: of a saved row on which the query hangs; ``given``: the values of
        the parameters. Raises ``DoesNotExist`` when the row is gone."""
        found = self._prepared.rows(anchor=key, **given)
        if not found:
            model: Any = self._model
            raise model.DoesNotExist
        return {
            name: [_instance(rows, values) for values in lists]
            for (name, rows), lists in zip(self._wanted.items(), found[0], strict=True)
        }

    def attach(self, instance: models.Model, **given: Any) -> dict[str, list[Any]]:
        """Read the relations of ``instance`` as a prefetch would, and return what was wanted beside them."""
        found = self.fetch(instance.pk, **given)
        for name in self._relations:
            hold(instance, name, found.pop(name))
        return found

    def _query(self) -> models.QuerySet[Any, Any]:
        arrays = (
            ArraySubquery(rows.queryset.values(_json=_values(rows)))
            for rows in self._wanted.values()
        )
        return self._model._base_manager.filter(pk=ANCHOR).order_by().values_list(*arrays)


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


def hold_one(instance: models.Model, name: str, row: models.Model | None) -> None:
    """Let ``instance.name``, the other side of a one-to-one field, be ``row`` without a query."""
    relation: Any = instance._meta.get_field(name)
    relation.set_cached_value(instance, row)


def columns(model: type[models.Model], *names: str) -> tuple[str, ...]:
    """``names`` of columns in the order of the model, as ``from_db`` takes them."""
    known = [field.attname for field in model._meta.concrete_fields]
    return tuple(sorted(names, key=known.index))


def take(model: type[M], names: Sequence[str], values: Iterator[Any]) -> M | None:
    """The next of ``values``, the ``columns`` of a row, as an instance; None where the first, its key, is NULL."""
    own = list(islice(values, len(names)))
    return None if own[0] is None else model.from_db(DEFAULT_DB_ALIAS, names, own)


def _of(model: type[models.Model], name: str, queryset: models.QuerySet[M]) -> models.QuerySet[M]:
    relation: Any = model._meta.get_field(name)
    there = relation.related_query_name() if relation.concrete else relation.remote_field.name
    return queryset.filter(**{there: ANCHOR})


def _values(rows: Rows[Any]) -> JSONArray:
    """The columns of a row in their order, then those of each related one, then what is annotated."""
    model: type[models.Model] = rows.queryset.model
    related = (
        name for part in rows.related for name in _columns(_target(model, part), f"{part}__")
    )
    return JSONArray(*_columns(model), *related, *rows.extra)


@cache
def _columns(model: type[models.Model], prefix: str = "") -> tuple[str, ...]:
    for field in model._meta.concrete_fields:
        if isinstance(field, _INEXACT):
            raise TypeError(f"{model.__name__}.{field.name} cannot be read as JSON")
    return tuple(f"{prefix}{field.attname}" for field in model._meta.concrete_fields)


def _target(model: type[models.Model], name: str) -> type[models.Model]:
    target = model._meta.get_field(name).related_model
    if not (isinstance(target, type) and issubclass(target, models.Model)):
        raise TypeError(f"{model.__name__}.{name} is no foreign key")
    return target


def _instance(rows: Rows[M], values: Sequence[Any]) -> M:
    model = rows.queryset.model
    end = len(_columns(model))
    made = _made(model, values[:end])
    for name in rows.related:
        target = _target(model, name)
        start, end = end, end + len(_columns(target))
        key: Any = model._meta.get_field(name)
        is_there = getattr(made, key.attname) is not None
        setattr(made, name, _made(target, values[start:end]) if is_there else None)
    for name, value in zip(rows.extra, values[end:], strict=True):
        setattr(made, name, value)
    return made


def _made(model: type[M], values: Sequence[Any]) -> M:
    fields = model._meta.concrete_fields
    typed = [_typed(field, value) for field, value in zip(fields, values, strict=True)]
    return model.from_db("default", [field.attname for field in fields], typed)


def _typed(field: models.Field[Any, Any], value: Any) -> Any:
    """What the database would have given: JSON has times, keys and ranges as text."""
    if not isinstance(field, RangeField) or value is None:
        return field.to_python(value)
    if value == "empty":
        return field.range_type(empty=True)
    inner: Any = field.base_field  # made an instance by the field; its type says the class
    ends = (end.strip('"') for end in value[1:-1].split(","))
    lower, upper = (inner.to_python(end) if end else None for end in ends)
    return field.range_type(lower, upper, value[0] + value[-1])
