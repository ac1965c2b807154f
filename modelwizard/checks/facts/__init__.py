"""What is known about a model, its data and its settings: plain values that the rules read."""
