"""Kinds of data: one folder a kind."""
