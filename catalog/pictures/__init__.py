"""Foreign pictures made into our own: checked by content, drawn anew in fixed sizes, kept under their digest."""
