"""A page: its file, its words, and the charts on it."""

from dataclasses import dataclass, field
from typing import Any

from dashboards.charts import Chart


@dataclass
class Page:
    """One page of the site; ``context`` is what its template shows beside the charts."""

    file: str
    template: str
    title: str
    lead: str
    context: dict[str, Any] = field(default_factory=dict)
    charts: list[Chart] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    """Further data files of the page, by path inside the site."""


NAVIGATION = (
    ("index.html", "Overview"),
    ("overdose.html", "Overdose"),
    ("hiv_hcv.html", "HIV and hepatitis C"),
    ("coverage.html", "Coverage"),
    ("cost_effectiveness.html", "Cost-effectiveness"),
    ("evidence.html", "Evidence"),
    ("policy.html", "Policy and rights"),
    ("equity.html", "Equity"),
    ("place.html", "A place"),
    ("data.html", "Data and methods"),
)
