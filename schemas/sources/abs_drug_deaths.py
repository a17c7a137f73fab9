"""Layout of the table of Australian drug-induced deaths that NDARC made of the Bureau of Statistics' tables.

No file was at hand. Columns and labels are those of the tables of 2018 and 2019 as their makers use them in public;
labels of later ones may differ.
"""

import pandera.pandas as pa
from pandera.typing.pandas import Series

COLUMNS = ["year", "drug", "intent", "nature", "sex", "jurisdiction", "age_group", "n"]
OPTIONAL = ["note", "created"]
SPLIT_COLUMNS = ("region", "location", "set")
"""Columns of other tables of the same maker that split the counts further: without them counts would be mixed."""

UNDERLYING, MENTION = "drug_induced_deaths_underlying", "drug_mentioned_deaths"
NATURES = {"underlying": UNDERLYING, "any mention": MENTION, "on board": MENTION}
"""Nature in small letters, and its measure: a drug as the cause, or a drug found, are never one count."""

INTENTS = {
    "all": "all",
    "accidental": "intent: accidental",
    "intentional": "intent: intentional",
    "intentional self-poisoning": "intent: intentional",
    "undetermined": "intent: undetermined",
    "undetermined intent": "intent: undetermined",
    "accidental, intentional self-poisoning & undetermined": "all",
    "accidental, intentional self-poisoning & undetermined intent": "all",
}
SEXES = {"all": "all", "persons": "all", "female": "female", "females": "female", "male": "male", "males": "male"}
DRUGS = {
    "all drugs": "all",
    "all drug-induced deaths": "all",
    "all opioids": "opioids",
    "opioids": "opioids",
    "heroin": "heroin",
    "methadone": "methadone",
    "natural and semi-synthetic opioids": "natural_semisynthetic",
    "natural & semi-synthetic opioids": "natural_semisynthetic",
    "other opioids": "natural_semisynthetic",
    "synthetic opioids": "synthetic_opioids",
    "other synthetic narcotics": "synthetic_opioids",
    "cocaine": "cocaine",
    "amphetamines": "psychostimulants",
    "benzodiazepines": "benzodiazepines",
}
"""Label in small letters, and the class here. The maker says that other opioids are natural and semi-synthetic ones
(T40.2), other synthetic narcotics are T40.4, and amphetamines are T43.6 with methamphetamine and MDMA."""

NOT_KEPT = (
    "opium",
    "other and unspecified narcotics",
    "other and unspecified opioids",
    "unspecified opioids",
    "exclusive illicit opioids",
    "exclusive pharmaceutical opioids",
    "illicit and pharmaceutical opioids",
    "heroin/opium with pharmaceutical opioids",
    "all opioids with alcohol",
    "all opioids with antidepressants",
    "all opioids with antipsychotics",
    "all opioids with benzodiazepines",
    "all opioids with paracetamol",
    "alcohol",
    "antidepressants",
    "cannabinoids",
    "barbiturates",
)
CLASS_DROPPED = "class or combination of drugs that no class here stands for"
EQUAL_DROPPED = "the same count in an older version or another table"
OTHER_DROPPED = "another count in an older version or table: the newest is kept (small counts are changed at random)"

ALL_AGES = ("all ages", "allages")
AUSTRALIA = ("aus", "australia")
PROVISIONAL = {"final": False, "": False, "revised": True, "prelim": True, "preliminary": True}
"""Note in small letters, and whether another revision is to come."""

PERTURBED_NOTE = "small counts are changed at random by the publisher"


class Raw(pa.DataFrameModel):
    """Lines of the table as published, every cell as text. Grain: one line; keys repeat."""

    year: Series[str] = pa.Field(description="Calendar year; 2000 may be written 2e3.", metadata={"unit": "year"})
    drug: Series[str] = pa.Field(description="Class or combination of drugs; classes overlap.")
    intent: Series[str] = pa.Field(description="Intent, or all.")
    nature: Series[str] = pa.Field(description="Underlying: the drug caused the death; Any mention: it was found.")
    sex: Series[str] = pa.Field(description="All, Female or Male.")
    jurisdiction: Series[str] = pa.Field(description="Australia, or a state or territory.")
    age_group: Series[str] = pa.Field(description="Age group, or all ages.", metadata={"unit": "years"})
    n: Series[str] = pa.Field(description="Deaths; small counts are changed at random.", metadata={"unit": "deaths"})
    note: Series[str] = pa.Field(description="final, revised or prelim; empty where the file has no such column.")
    created: Series[str] = pa.Field(
        description="Day the line was made; empty where the file has no such column.", metadata={"unit": "date"}
    )
    file_name: Series[str] = pa.Field(alias="_file", description="File the row stood in.")
    row_number: Series[int] = pa.Field(alias="_row", description="Line of the row, from 1.")

    class Config:
        """Populations and rates that the maker added are kept in raw, and not read."""

        strict = False
        name = "raw.abs_drug_deaths"
