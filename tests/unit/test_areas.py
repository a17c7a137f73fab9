"""Areas: the reference tables keep their promises, and every label that a publisher uses is understood or refused."""

import re
from pathlib import Path

import pandas as pd
import pandera.pandas as pa
import pytest

from schemas import areas
from schemas.areas import Area, is_known_aggregate, resolve


def read(path: Path, **options: object) -> pd.DataFrame:
    """Read a publisher's file as text."""
    if not path.exists():
        pytest.skip(f"{path.name} is not among the publishers' files")
    return pd.read_csv(path, dtype=str, keep_default_na=False, **options)  # type: ignore[call-overload]


def not_understood(labels: pd.Series, scheme: areas.Scheme) -> list[str]:
    """Labels that are neither an area nor a documented aggregate."""
    unique = pd.Series(labels.unique())
    return unique[resolve(unique, scheme).isna() & ~is_known_aggregate(unique, scheme)].tolist()


def one(label: str, scheme: areas.Scheme = "country") -> object:
    """The area of one label."""
    return resolve(pd.Series([label]), scheme).iloc[0]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Every area, by area id."""
    return areas.areas().set_index("area_id", drop=False)


@pytest.mark.parametrize(
    ("label", "scheme", "area_id"),
    [
        ("Georgia", "country", "GEO"),
        ("Georgia", "us", "US-GA"),
        ("GA", "country", "GAB"),
        ("GA", "us", "US-GA"),
        ("Jersey", "country", "JEY"),
        ("New Jersey", "us", "US-NJ"),
        ("NA", "country", "NAM"),
        ("Namibia", "country", "NAM"),
        ("NAM", "country", "NAM"),
        ("Puerto Rico", "country", "US-PR"),
        ("PRI", "country", "US-PR"),
        ("PR", "vsrr", "US-PR"),
        ("NY", "us", "US-NY"),
        ("NY", "vsrr", "US-NY-XNYC"),
        ("New York", "vsrr", "US-NY-XNYC"),
        ("YC", "vsrr", "US-NYC"),
        ("US", "vsrr", "USA"),
        ("36", "us", "US-NY"),
        ("06037", "fips", "US-06037"),
        ("06", "fips", "US-CA"),
        ("35013", "fips", "US-35013"),
        ("Québec", "ca", "CA-QC"),
        ("BC", "ca", "CA-BC"),
        ("Territories", "ca", "CA-TERR"),
        ("New South Wales", "au", "AU-NSW"),
        ("YORKSHIRE AND THE HUMBER", "gb", "GB-E12000003"),
        ("E12000007", "gb", "GB-E12000007"),
        ("K04000001", "gb", "GB-EAW"),
        ("UK- England", "country", "GB-ENG"),
        ("Kingdom of Spain", "country", "ESP"),
        ("Serbia (including Kosovo)", "country", "SRB-XKX"),
    ],
)
def test_a_label_means_one_place_within_its_scheme(label: str, scheme: areas.Scheme, area_id: str) -> None:
    """The same letters mean different places to different publishers, and each scheme keeps to its own."""
    assert one(label, scheme) == area_id


@pytest.mark.parametrize(
    "label",
    ["Austria *", "Austria*", "  austria ", "AUSTRIA (1)", "Austria¹", "Austria (1)(2) *", "Republic of Austria"],
)
def test_footnote_marks_case_and_spacing_do_not_hide_a_country(label: str) -> None:
    """A footnote glued to a country's name is not a part of the name."""
    assert one(label) == "AUT"


@pytest.mark.parametrize(
    "label", ["Côte d'Ivoire", "Cote d'Ivoire", "Côte d’Ivoire", "Co\u0302te d’Ivoire", "COTE D'IVOIRE"]
)
def test_apostrophes_and_diacritics_do_not_hide_a_country(label: str) -> None:
    """Typographic variants of one name give one area."""
    assert one(label) == "CIV"


@pytest.mark.parametrize("scheme", ["country", "us", "vsrr", "ca", "gb", "au", "fips"])
@pytest.mark.parametrize("label", ["Atlantis", "Austri", "in", "no", "", "  ", "*", "1", "6037", "99999", "Micronesia"])
def test_an_unknown_label_is_null_and_never_guessed(label: str, scheme: areas.Scheme) -> None:
    """Near misses, lower-case words that look like codes and FIPS codes without their zero stay unresolved."""
    assert pd.isna(one(label, scheme))
    assert not is_known_aggregate(pd.Series([label]), scheme).any()


@pytest.mark.parametrize(
    ("label", "scheme"), [("Georgia", "ca"), ("New Jersey", "country"), ("Texas", "gb"), ("NSW", "us")]
)
def test_a_label_of_another_scheme_is_unknown(label: str, scheme: areas.Scheme) -> None:
    """A scheme does not borrow places from another."""
    assert pd.isna(one(label, scheme))


def test_an_aggregate_is_null_and_known() -> None:
    """Regions and income groups are told apart from unknown labels, so that they can be dropped by count."""
    labels = pd.Series(["Western Europe", "All countries", "Atlantis", "Austria", None])
    assert resolve(labels).isna().tolist() == [True, True, True, False, True]
    assert is_known_aggregate(labels).tolist() == [True, True, False, False, False]
    assert is_known_aggregate(pd.Series(["Non-residents"]), "gb").tolist() == [True]


def test_resolving_keeps_the_index_nulls_and_text_type() -> None:
    """The answer lines up with the labels whatever their index, and stays a text column even when nothing is known."""
    labels = pd.Series(["Austria", None, "Austria", "Atlantis"], index=[7, 7, 3, 1])
    answer = resolve(labels)
    assert answer.index.tolist() == [7, 7, 3, 1]
    assert answer.fillna("-").tolist() == ["AUT", "-", "AUT", "-"]
    for nothing in (pd.Series([], dtype="str"), pd.Series(["Atlantis"]), pd.Series([None, None], dtype="object")):
        empty = resolve(nothing)
        assert empty.dtype == answer.dtype
        assert empty.isna().all()


def test_an_unknown_scheme_says_which_exist() -> None:
    """A misspelt scheme is refused with the list of schemes."""
    with pytest.raises(ValueError, match=r"country, us, vsrr.*found 'US'"):
        resolve(pd.Series(["Texas"]), "US")  # type: ignore[arg-type]


def test_the_table_returned_is_a_copy() -> None:
    """A caller who edits the table does not change it for the next caller."""
    mine = areas.areas()
    mine["name"] = "spoilt"
    assert areas.area_names()["AUT"] == "Austria"


def test_us_total_is_states_with_new_york_in_two_parts_and_dc(table: pd.DataFrame) -> None:
    """The US total has 52 parts: 49 states, New York State without the city, the city and the District of Columbia."""
    parts = set(table.index[table["in_us_total"]])
    assert len(parts) == 52
    assert {"US-NYC", "US-NY-XNYC", "US-DC", "US-AK"} <= parts
    assert not {"US-NY", "US-PR", "US-GU", "USA"} & parts


def test_every_us_county_is_there_once(table: pd.DataFrame) -> None:
    """3,144 current counties and equivalents, and Connecticut's eight former ones beside its nine planning regions."""
    counties = table[table["kind"].eq("county")]
    current = counties[counties["valid_to"].isna()]
    assert len(current) == 3144
    assert counties["fips"].is_unique
    assert counties["area_id"].eq("US-" + counties["fips"]).all()
    connecticut = counties[counties["parent_id"].eq("US-CT")]
    assert connecticut["valid_to"].notna().sum() == 8
    assert connecticut["valid_from"].notna().sum() == 9
    state_fips = table["fips"].reindex(counties["parent_id"]).to_numpy()
    assert (counties["fips"].str[:2].to_numpy() == state_fips).all()
    assert table.loc["US-35013", "name"] == "Doña Ana County"


def test_every_area_leads_up_to_the_world() -> None:
    """Following parents ends at the world, without a circle."""
    parents = areas.parents()
    for area_id in areas.area_names():
        steps = 0
        while area_id != "WLD":
            area_id, steps = parents[area_id], steps + 1
            assert steps < 6


def test_every_iso_country_has_one_area(table: pd.DataFrame) -> None:
    """Each ISO 3166-1 country of today is in the table once; US territories under their subdivision id."""
    pycountry = pytest.importorskip("pycountry")
    expected = {country.alpha_3: country.alpha_2 for country in pycountry.countries}
    today = table[table["iso_alpha3"].notna() & table["valid_to"].isna()]
    assert dict(zip(today["iso_alpha3"], today["iso_alpha2"], strict=True)) == expected


def test_income_groups_are_dated_and_not_called_verified(table: pd.DataFrame) -> None:
    """Every income group carries its fiscal year, and none is called verified; Venezuela is not classified."""
    assert (table["wb_income_group"].isna() == table["wb_income_fiscal_year"].isna()).all()
    assert not table["income_verified"].any()
    known = table.dropna(subset="wb_income_group")
    assert known["wb_income_fiscal_year"].unique().tolist() == ["FY2023"]
    group = known.set_index("iso_alpha3")["wb_income_group"]
    assert group[["ZMB", "IND", "THA", "ROU"]].tolist() == [
        "Low income",
        "Lower middle income",
        "Upper middle income",
        "High income",
    ]
    assert "VEN" not in group.index


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("kind", "continent"),
        ("parent_id", "XXX"),
        ("parent_id", "AUT"),
        ("fips", "6037"),
        ("who_region", "Europe (WHO)"),
        ("wb_income_group", "Middling income"),
        ("area_id", "austria"),
        ("valid_to", "2021"),
    ],
)
def test_a_bad_row_breaks_the_contract(table: pd.DataFrame, column: str, value: str) -> None:
    """Each promise of the areas table can fail."""
    bad = table.reset_index(drop=True)
    bad.loc[bad["area_id"].eq("AUT"), column] = value
    with pytest.raises(pa.errors.SchemaErrors):
        Area.validate(bad, lazy=True)


def test_aliases_name_areas_that_exist_and_never_contradict_a_name() -> None:
    """An alias points at an area in the table and adds a label, rather than redefining one."""
    aliases = areas._aliases()
    named = aliases.dropna(subset=["area_id"])
    assert named["area_id"].isin(areas.area_names()).all()
    for scheme, group in named.groupby("scheme"):
        own = areas._names(str(scheme))
        for label, area_id in zip(group["alias"].map(areas.tidy_label), group["area_id"], strict=True):
            assert own.get(label, area_id) == area_id
        assert group["alias"].map(areas.tidy_label).is_unique


def test_every_column_is_described() -> None:
    """Each column of both tables has a description and a unit."""
    for model in (Area, areas.AreaAlias):
        for name, column in model.to_schema().columns.items():
            assert column.description, name
            assert (column.metadata or {}).get("unit"), name


# What country_converter sees otherwise, and why ours is kept.
PEER_EXCEPTIONS = {
    "World": "not a country",
    "Channel Islands": "two countries together",
    "Serbia with Kosovo": "not Serbia alone",
    "Serbia (including Kosovo)": "not Serbia alone",
    "Guadeloupe with Saint Barthélemy and Saint Martin": "not Guadeloupe alone",
    "Guadeloupe (including Saint-Barthélemy and Saint-Martin)": "not Guadeloupe alone",
    "Netherlands Antilles": "no longer in ISO 3166-1, so not in its table",
    "Timor": "short form of Timor-Leste in the re-published UN file; the file has no other Timor",
    "UK - Wales": "a part of the United Kingdom",
    "UK- England": "a part of the United Kingdom",
    "UK-Northern Ireland": "a part of the United Kingdom",
    "UK-Scotland": "a part of the United Kingdom",
}


def test_country_names_agree_with_country_converter(table: pd.DataFrame) -> None:
    """A peer that matches names in another way gives the same ISO 3166-1 code for each of our names and aliases."""
    peer = pytest.importorskip("country_converter")
    aliases = areas._aliases()
    labels = pd.concat(
        [
            table.loc[table["iso_alpha3"].notna() | table["kind"].isin(["world", "country"]), "name"],
            aliases.loc[aliases["scheme"].eq("country") & aliases["area_id"].notna(), "alias"],
        ]
    )
    labels = labels[~labels.isin(PEER_EXCEPTIONS)].reset_index(drop=True)
    ours = table["iso_alpha3"].fillna(table["area_id"]).reindex(resolve(labels)).reset_index(drop=True)
    # Its own reader (1.3.2) stops on the missing cells of pandas 3, so its table of regular expressions is read here.
    rules = pd.read_csv(Path(peer.__file__).with_name("country_data.tsv"), sep="\t", dtype=str, keep_default_na=False)
    pairs = zip(rules["ISO3"], rules["regex"], strict=True)
    patterns = {iso3: re.compile(regex, re.IGNORECASE) for iso3, regex in pairs}
    theirs = pd.Series(
        [" ".join(iso3 for iso3, pattern in patterns.items() if pattern.search(label)) for label in labels]
    )
    different = pd.DataFrame({"label": labels, "ours": ours, "theirs": theirs})[ours.ne(theirs)]
    assert different.empty, different.to_string()


def test_vsrr_labels_are_understood(shared_data: Path) -> None:
    """Every state code and state name of both VSRR layouts is an area, and code and name agree."""
    files = sorted((shared_data / "us" / "cdc_vsrr").glob("VSRR_*.csv*"))
    for file in files:
        frame = read(file, encoding="utf-8-sig")
        pairs = frame[["State", "State Name"]].drop_duplicates()
        by_code = resolve(pairs["State"], "vsrr")
        assert by_code.notna().all()
        assert by_code.tolist() == resolve(pairs["State Name"], "vsrr").tolist()
        in_total = by_code.map(areas.areas().set_index("area_id")["in_us_total"])
        assert in_total.sum() == 52


def test_emcdda_labels_are_understood(shared_data: Path) -> None:
    """Every country label of the 2019 workbooks, with its footnote marks, is an area."""
    files = sorted((shared_data / "eu" / "emcdda_2019").rglob("*.xlsx"))
    books = [pd.read_excel(f, sheet_name=None, header=None, dtype=str, usecols=[0], engine="calamine") for f in files]
    sheets = [sheet for book in books for sheet in book.values()]
    labels = pd.concat([sheet[0] for sheet in sheets]).dropna()
    labels = labels[~labels.str.strip().isin(["", "Country"])]
    assert labels.nunique() > 50
    assert not_understood(labels, "country") == []
    assert {"GB-WLS", "GB-ENG", "GB-NIR", "GB-SCT", "GBR", "CZE", "TUR"} <= set(resolve(labels).dropna())


def test_unaids_labels_are_understood(shared_data: Path) -> None:
    """Every UNAIDS 2019 name is an area or a documented aggregate, and no two names share an area."""
    labels = read(shared_data / "global" / "unaids_gam_2019" / "ddf--entities--area.csv")["name"]
    assert not_understood(labels, "country") == []
    assert is_known_aggregate(labels).sum() == 9
    assert resolve(labels).dropna().is_unique


def test_un_population_labels_are_understood(shared_data: Path) -> None:
    """Every UN WPP 2017 entity is an area or a documented aggregate, and no two entities share an area."""
    frame = read(shared_data / "global" / "un_population" / "population_by_age_group_wpp2017.csv")
    labels = pd.Series(frame["Entity"].unique())
    assert not_understood(labels, "country") == []
    assert resolve(labels).dropna().is_unique
    assert one("World") == "WLD"


def test_phac_labels_are_understood(shared_data: Path) -> None:
    """Every region of PHAC's substance harms file and the consumption sites' total is an area."""
    harms = read(shared_data / "ca" / "phac_substance_harms" / "SubstanceHarmsData.csv", encoding="utf-8-sig")
    regions = pd.Series(harms["Region"].unique())
    assert resolve(regions, "ca").notna().all()
    assert resolve(regions, "ca").is_unique
    sites = read(shared_data / "ca" / "phac_scs" / "scs-visits-clients-trends.csv", encoding="utf-8-sig")
    assert resolve(sites["province"], "ca").notna().all()


def test_us_state_labels_are_understood(shared_data: Path) -> None:
    """State names and FIPS codes of WONDER, and names, abbreviations and FIPS codes of dispensing rates, agree."""
    wonder = read(
        shared_data / "us" / "cdc_wonder" / "Multiple Cause of Death, 1999-2020.txt", sep="\t", on_bad_lines="skip"
    )
    wonder = wonder[wonder["State"].ne("")]
    assert resolve(wonder["State"], "us").tolist() == resolve(wonder["State Code"], "fips").tolist()
    rates = read(shared_data / "us" / "cdc_dispensing" / "State Naloxone Dispensing Rates.csv", encoding="utf-8-sig")
    by_name = resolve(rates["STATE_NAME"], "us")
    assert by_name.notna().all()
    assert by_name.tolist() == resolve(rates["STATE_ABBREV"], "us").tolist()
    assert by_name.tolist() == resolve(rates["STATE_FIPS"], "us").tolist()


def test_county_fips_are_understood(shared_data: Path) -> None:
    """Every county of the Census estimates is an area with the name that the Census gives it."""
    path = shared_data / "us" / "census_population" / "co-est2024-alldata.csv"
    counties = read(path, encoding="latin-1").query("SUMLEV == '050'")
    ids = resolve(counties["STATE"] + counties["COUNTY"], "fips")
    assert ids.notna().all()
    assert ids.map(areas.area_names()).tolist() == counties["CTYNAME"].tolist()


def test_ons_labels_are_understood(shared_data: Path) -> None:
    """Codes and names of regions agree in ONS's files, in capitals, with stray spaces and in short forms."""
    folder = shared_data / "uk" / "ons_drug_poisoning"
    deaths = read(folder / "drug_poisoning_registrations.csv", encoding="utf-8-sig")
    assert not_understood(deaths["Usual residence name"], "gb") == []
    by_area = read(folder / "drug_poisoning_registrations_by_LA.csv", encoding="cp1252")
    upper = by_area[by_area["code"].str.match("K04|E92|E12|W92")]
    assert len(upper) == 12
    pairs = [
        (deaths["Usual residence code"], deaths["Usual residence name"]),
        (upper["code"], upper["name"]),
    ]
    for codes, names in pairs:
        assert resolve(codes, "gb").fillna("").tolist() == resolve(names, "gb").fillna("").tolist()
    population = read(folder / "pop_region_25nov2022.csv", encoding="utf-8-sig")
    assert resolve(population["region"], "gb").nunique() == 9
