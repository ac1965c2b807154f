"""Files that every generated project has."""
