"""The four stages as pure decisions: propose experiments, judge results."""
