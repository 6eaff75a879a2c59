"""PostgreSQL, Valkey and a mail catcher for one machine: development, try-out and tests.

Nothing in this package imports Django, so that it can start the parts that Django needs.
"""
