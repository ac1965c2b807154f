"""Pages and plots made from the journal and the runs of a project."""

from modelwizard.report.page import write

__all__ = ["write"]
