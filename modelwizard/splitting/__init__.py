"""Which row is where: by rows, groups or time, of any kind of data."""
