"""The rows of the side-by-side table, a subject a file: each yields finished rows."""
