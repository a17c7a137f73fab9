"""UNAIDS' interface by indicator: asked where the bulk tables are gone, read as they are, never guessed at."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from loopback import PAGE, Route, Server, gives, running
from publishers import StandIn

from assets import unaids_api
from assets.source import Snapshot, SourceRefused
from assets.sources import source
from assets.unaids_bulk import ATLAS, ESTIMATES, GAM, POLICY
from schemas.observations import Observation, as_observations

TOPICS = {
    "unaids_gam": (GAM, "PWID_NEEDLES@RATE@TOTAL", "120.5"),
    "unaids_kp_atlas": (ATLAS, "PWID_POPULATION_SIZE@NUMBER@ESTIMATE", "14500"),
    "unaids_ncpi": (POLICY, "Q_A_249@SINGLECHOICEWITHNO@A_251", "Yes"),
    "unaids_estimates": (ESTIMATES, "PLWH@NUMBER@ESTIMATE_ALL_AGES", "8200"),
}


@pytest.fixture
def server() -> Iterator[Server]:
    """Run a server for UNAIDS' two hosts."""
    with running() as started:
        yield started


@pytest.fixture
def transport(server: Server) -> StandIn:
    """Give a transport whose every address leads to the server."""
    return StandIn(20.0, allow_http_loopback=True, backoff_seconds=0.001, server=server.url)


def observations(*records: dict[str, object]) -> Route:
    """Give an answer in the frame that is described."""
    return gives(json.dumps({"Data": [{"Observation": list(records)}]}).encode())


def answers(server: Server, source_id: str, route: Route) -> None:
    """Let one question have an answer, and all others none."""
    topic, asked, _ = TOPICS[source_id]
    code = unaids_api.CODE_OF_TOPIC[topic]
    path = f"/aidsinfodbapi.unaids.org/{code}"
    server.routes[path] = gives(b'{"Message": "no data"}')
    server.routes[f"{path}?p=1&INDICATOR={asked}&Language=en&ResponseFormat=JSON&GbyI=false"] = route


@pytest.mark.parametrize("source_id", TOPICS)
def test_interface_is_asked_where_the_bulk_table_is_gone(
    source_id: str, server: Server, transport: StandIn, tmp_path: Path
) -> None:
    """With no zip at the known addresses the totals come from the interface, and observations are made of them."""
    _, asked, value = TOPICS[source_id]
    austria = {"AREA_ID": "AUT", "AREA_NAME": "Austria", "TIME_PERIOD": "2023", "OBS_VALUE": value, "FOOTNOTE": None}
    answers(server, source_id, observations(austria, {**austria, "AREA_ID": "KEN", "AREA_NAME": "Kenya"}))
    found = source(source_id).fetch(transport, None, tmp_path)
    assert found is not None
    assert [path.name.split("-", 1)[1] for path in found.files] == [f"{asked}.json"]
    assert found.notes["read"] == "interface by indicator, totals only"
    snapshot = Snapshot(source_id, found.release, tmp_path, found.files, "", "", "", "live", found.notes)
    tidied = source(source_id).tidy(snapshot)
    assert tidied.unaccounted() == 0
    stamps = {"source_id": source_id, "release": found.release, "snapshot_id": snapshot.snapshot_id}
    Observation.validate(as_observations(tidied.observations.assign(**stamps)))
    rows = tidied.observations.set_index("area_id")["value"]
    assert rows.to_dict() == dict.fromkeys(["AUT", "KEN"], 1.0 if value == "Yes" else float(value))


@pytest.mark.parametrize("spelling", [("Area_ID", "Data_Value"), ("REF_AREA", "ObsValue"), ("area", "VALUE")])
def test_fields_are_found_under_usual_names(spelling: tuple[str, str], tmp_path: Path) -> None:
    """Case and underscores of a field's name do not matter."""
    path = tmp_path / "GAM-PWID_NEEDLES@RATE@TOTAL.json"
    record = {spelling[0]: "AUT", spelling[1]: 12.5, "TIME_PERIOD": 2023}
    path.write_text(json.dumps({"Data": [{"Observation": [record]}]}))
    row = unaids_api.read(path, GAM).frame.iloc[0]
    assert row[["Area ID", "Data value", "Time Period", "Unit"]].tolist() == ["AUT", "12.5", "2023", "RATE"]


def test_field_of_another_name_is_refused_with_the_names_found(
    server: Server, transport: StandIn, tmp_path: Path
) -> None:
    """An answer whose value cannot be found is not guessed at: the message names what is there."""
    answers(server, "unaids_gam", observations({"AREA_ID": "AUT", "TIME_PERIOD": "2023", "AMOUNT": "1"}))
    with pytest.raises(
        SourceRefused, match=r"expected fields for Data value.*found \['AREA_ID', 'TIME_PERIOD', 'AMOUNT'\]"
    ):
        source("unaids_gam").fetch(transport, None, tmp_path)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"Data": []}', b'{"Data": [{}]}', PAGE, b"<Data/>", b""])
@pytest.mark.parametrize("source_id", TOPICS)
def test_answers_without_observations_give_no_release(
    source_id: str, body: bytes, server: Server, transport: StandIn, tmp_path: Path
) -> None:
    """An answer without data, with status 200, is none; where none has data, both ways are named in the refusal."""
    topic, _, _ = TOPICS[source_id]
    server.routes[f"/aidsinfodbapi.unaids.org/{unaids_api.CODE_OF_TOPIC[topic]}"] = gives(body)
    with pytest.raises(SourceRefused, match=r"_<year>_en\.zip.*nor an answer from the interface"):
        source(source_id).fetch(transport, None, tmp_path)


def test_places_inside_countries_are_no_countries(tmp_path: Path) -> None:
    """The atlas is mostly of cities: without a level, only the code of a country is national."""
    path = tmp_path / "KPA-PWID_HIV_PREVALENCE@PERCENT@TOTAL.json"
    records = [
        {"AREA_ID": place, "TIME_PERIOD": "2023", "OBS_VALUE": "4"} for place in ("AUT", "AUT_WIEN", "EECA", "XYZ")
    ]
    path.write_text(json.dumps({"Data": [{"Observation": records}]}))
    levels = unaids_api.read(path, ATLAS, ("Area Level",)).frame.set_index("Area ID")["Area Level"]
    assert levels.to_dict() == {"AUT": "2", "AUT_WIEN": "", "EECA": "", "XYZ": ""}


def test_questions_are_those_of_the_publisher_s_list(shared_data: Path) -> None:
    """Most questions that are asked stand in UNAIDS' own list of links."""
    links = pd.read_excel(
        shared_data / "global/unaids_api/UNAIDS_API_links.xlsx", sheet_name=None, dtype="str", engine="calamine"
    )
    for topic, least in ((GAM, 0.75), (ATLAS, 0.9), (POLICY, 0.7)):
        sheet = links[unaids_api.CODE_OF_TOPIC[topic]]
        known = set(sheet[["Indicator_GId", "Unit_GId", "Subgroup_Val_GId"]].itertuples(index=False, name=None))
        asked = unaids_api.series_of(topic)
        missing = [each for each in asked if each not in known]
        assert len(missing) <= (1 - least) * len(asked), missing
