"""The page as one file: every section in order, the style inside, nothing fetched from anywhere."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from modelwizard.files import write_text
from modelwizard.project import Project
from modelwizard.report import capacity, choices, ending, finale, ledger, opening, search, stages
from modelwizard.report.facts import Facts
from modelwizard.report.markup import Markup, element, join

NAME = "report.html"


def write(project: Project) -> Path:
    """Write report.html into a project, at whatever point of the walk it is.

    Returns:
        Its path.
    """
    path = project.folder / NAME
    write_text(path, page(Facts.of(project)))
    return path


def page(facts: Facts) -> str:
    """Return the page; the same project gives the same text."""
    style = resources.files("modelwizard.report").joinpath("style.css").read_text(encoding="utf-8")
    main = join(
        opening.alerts(facts),
        opening.glance(facts),
        choices.choices(facts),
        choices.data(facts),
        stages.baseline(facts),
        capacity.overfit(facts),
        search.regularize(facts),
        finale.finalize(facts),
        ledger.ledger(facts),
        ending.unsaid(facts),
        ending.provenance(facts),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        # Whatever a name or a label holds, the browser is told to load and run nothing.
        element("meta", http_equiv="Content-Security-Policy", content="default-src 'none'; style-src 'unsafe-inline'"),
        element("title", f"{facts.project.settings.name}: modelwizard report"),
        element("style", Markup(style)),
    )
    body = element("body", opening.header(facts), opening.path(facts), element("main", main))
    return "<!DOCTYPE html>\n" + element("html", head, body, lang="en") + "\n"
