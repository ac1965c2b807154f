"""The corpus of `checks.py`: working programs, faults to plant, questions as people ask them, healthy models."""
