"""How long pages take on a full database. Not part of `make test`: figures depend on the machine."""
