"""The operator's side: capacity, products, and what exists."""

from sandbox.admin import blueprints, capacity, environments

__all__ = ["blueprints", "capacity", "environments"]
