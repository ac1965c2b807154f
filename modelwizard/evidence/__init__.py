"""Statistics on NumPy arrays, and nothing else: no files, no Keras, no terminal."""
