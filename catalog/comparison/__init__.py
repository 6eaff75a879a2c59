"""Up to four solutions side by side, with the reader's own rows. No scores, no ranking (product.md 2, Comparing).

``wanted``: what is compared, to and from an address. ``sources``: what the rows say, a function for each kind.
``table``: both together. ``ods``: the same as a file.
"""
