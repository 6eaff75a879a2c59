"""Queries whose SQL Django writes once a process.

Django writes the SQL of a query anew at each call. For the queries of many parts that every staff page asks that
took longer than PostgreSQL takes to answer them. A prepared query is a queryset as any other, with parameters in
the place of what differs from call to call; nothing of an answer is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

from osk_portal.toolkit import clock


class Parameter(models.Value):
    """Stands for a value that is known when the query is asked.

    ``source``: the name under which ``Prepared.rows`` is given it, or what computes it. Never None: SQL
    compares with that in another way.
    """

    def __init__(
        self, source: str | Callable[[], Any], output_field: models.Field[Any, Any]
    ) -> None:
        super().__init__(source, output_field=output_field)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s", [self]


USER: Final = Parameter("user", models.BigIntegerField())
"""The key of who asks."""
TODAY: Final = Parameter(clock.today, models.DateField())


class Prepared:
    """``build`` gives the queryset, one of ``values_list``, at the first call."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, Any]]) -> None:
        self._build = build

    def rows(self, **given: Any) -> list[Any]:
        """What the database answers now; ``given``: the values of the parameters by name."""
        sql, params, converters = self._written
        connection = connections[DEFAULT_DB_ALIAS]
        with connection.cursor() as cursor:
            cursor.execute(sql, [_value(param, given) for param in params])
            found: list[Any] = cursor.fetchall()
        if not converters:
            return found
        compiler = self._query.get_compiler(DEFAULT_DB_ALIAS)
        return [tuple(row) for row in compiler.apply_converters(found, converters)]

    @cached_property
    def _query(self) -> Any:
        return self._build().query

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...], dict[int, Any]]:
        compiler = self._query.get_compiler(DEFAULT_DB_ALIAS)
        sql, params = compiler.as_sql()
        columns = [column for column, _sql, _alias in compiler.select[: compiler.col_count]]
        return sql, tuple(params), compiler.get_converters(columns)


def _value(param: Any, given: dict[str, Any]) -> Any:
    if not isinstance(param, Parameter):
        return param
    source: Any = param.value
    return source() if callable(source) else given[source]
