"""Training in whole epochs inside one compiled function: `mw.fit`."""
