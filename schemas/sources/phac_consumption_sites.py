"""Layout of the Public Health Agency of Canada's monthly table of supervised consumption sites."""

import pandera.pandas as pa
from pandera.typing.pandas import Series

FILE_NAME = "scs-visits-clients-trends.csv"
OTHER_TABLES = {"scs-drugsused.csv": "drugs used at the sites", "scs-map.csv": "the map of sites"}
DATE_COLUMNS = ("date", "concat_y_m_d")

MEASURES = {
    "trend_total_visits": "consumption_site_visits",
    "trend_nr_clients": "consumption_site_clients",
    "trend_nr_od_nf": "consumption_site_overdoses",
    "trend_nr_od_naloxone": "consumption_site_overdoses_naloxone",
    "nr_sites_reporting": "consumption_sites_reporting",
}
"""Column as published, and the measure it is."""

DROPPED = {
    "trend_rate_od_nf": "published overdose rate: its denominator is not stated and visits do not reproduce it",
    "trend_rate_od_naloxone": "published naloxone rate: its denominator is not stated and visits do not reproduce it",
    "trend_avg_visits_per_site": "published average per site: visits and sites reporting are kept instead",
    "trend_avg_clients_per_site": "published average per site: clients and sites reporting are kept instead",
}
"""Column as published that gives no observation, and why."""

STATUSES = {
    **dict.fromkeys(["", "n/a", "N/A", "NA", "n.d."], "not_collected"),
    **dict.fromkeys(["Suppr.", "Suppressed"], "suppressed"),
}


class Raw(pa.DataFrameModel):
    """scs-visits-clients-trends.csv as published, every cell as text.

    Grain: one month for all sites that reported in it.
    """

    province: Series[str] = pa.Field(description="TOTAL, all reporting sites of Canada.")
    date: Series[str] = pa.Field(
        description="First day of the month; named concat_y_m_d in some releases.", metadata={"unit": "date"}
    )
    trend_total_visits: Series[str] = pa.Field(description="Visits in the month.", metadata={"unit": "visits"})
    trend_nr_clients: Series[str] = pa.Field(description="Unique clients in the month.", metadata={"unit": "people"})
    trend_nr_od_nf: Series[str] = pa.Field(description="Non-fatal overdoses at the sites.", metadata={"unit": "events"})
    trend_nr_od_naloxone: Series[str] = pa.Field(
        description="Non-fatal overdoses in which naloxone was given.", metadata={"unit": "events"}
    )
    trend_rate_od_nf: Series[str] = pa.Field(
        description="Published overdose rate, denominator not stated.",
        metadata={"unit": "per 1,000, of what is not stated"},
    )
    trend_rate_od_naloxone: Series[str] = pa.Field(
        description="Published naloxone rate, denominator not stated.",
        metadata={"unit": "per 1,000, of what is not stated"},
    )
    trend_avg_visits_per_site: Series[str] = pa.Field(
        description="Visits per reporting site.", metadata={"unit": "visits per site"}
    )
    trend_avg_clients_per_site: Series[str] = pa.Field(
        description="Clients per reporting site.", metadata={"unit": "people per site"}
    )
    nr_sites_reporting: Series[str] = pa.Field(
        description="Sites that reported in the month.", metadata={"unit": "sites"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Columns that the publisher adds are kept."""

        strict = False
        name = "raw.phac_consumption_sites"
