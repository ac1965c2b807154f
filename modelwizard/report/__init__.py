"""Pages and plots made from the journal and the runs of a project."""
