"""Files of a project whose data is one table."""
