"""What differs between problem types: blocks that take the place of those of the same name in a project's files."""
