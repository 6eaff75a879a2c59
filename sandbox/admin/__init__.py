"""The operator's side: capacity, products, and what exists."""

from sandbox.admin import (
    applications,
    blackouts,
    blueprints,
    capacity,
    environments,
    operator_tasks,
    quotas,
    waiting,
    wishes,
)

__all__ = [
    "applications",
    "blackouts",
    "blueprints",
    "capacity",
    "environments",
    "operator_tasks",
    "quotas",
    "waiting",
    "wishes",
]
