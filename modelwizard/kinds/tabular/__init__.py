"""One table: read, profiled, and its target understood."""
