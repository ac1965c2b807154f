"""Read a table, profile it, infer the problem, split the rows: pandas and NumPy, no Keras."""
