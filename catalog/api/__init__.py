"""The open interface of the catalog, version 1: read-only, published entries, for everybody."""
