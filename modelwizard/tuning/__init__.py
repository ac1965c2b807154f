"""The search: its space, its oracle, and when a trial is ended early."""
