"""The training engine: whole epochs inside one compiled function."""
