"""Rules about a model, its data and its runs: each a small function with a stable code, a reason and a fix."""
