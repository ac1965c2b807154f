"""A short training of a copy, and the same training again with one thing changed: causes by experiment."""
