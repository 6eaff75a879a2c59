"""The catalog in the formats of others: JSON-LD, DCAT-AP, CSV."""
