"""One file a migration, in order; each only ever adds to what the one before left."""
