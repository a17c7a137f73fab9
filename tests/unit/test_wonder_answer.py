"""CDC WONDER's web service: one question is put once, and its answer is read by the columns that were asked for."""

import shutil
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from loopback import gives, running, transport

from assets import wonder_answer
from assets.source import Snapshot, SourceRefused
from assets.sources import cdc_wonder as source
from assets.transport import TransportError

ANSWER = Path(__file__).resolve().parents[1] / "fixtures" / "cdc_wonder" / "synthetic_answer.xml"


def answered(tmp_path: Path, old: str = "", new: str = "") -> Snapshot:
    """Keep the question with a synthetic answer, changed where a text is given."""
    (tmp_path / wonder_answer.QUESTION).write_text(wonder_answer.question(), encoding="utf-8")
    text = ANSWER.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / wonder_answer.ANSWER).write_text(text.replace(old, new) if old else text, encoding="utf-8")
    files = (tmp_path / wonder_answer.QUESTION, tmp_path / wonder_answer.ANSWER)
    return Snapshot("cdc_wonder", "2025-10-01", tmp_path, files, "", "", "", "live", {})


def test_answer_is_read_as_an_export_by_year(tmp_path: Path) -> None:
    """Years, counts and rates come out; a partial year ends where deaths end, and a word is a status, not a number."""
    tidied = source.tidy(answered(tmp_path))
    assert tidied.unaccounted() == 0
    assert tidied.dropped == {"subtotal": 4}
    found = tidied.observations.set_index(["measure_id", tidied.observations["period_start"].dt.year])
    assert found.loc[("overdose_deaths", 2018), ["area_id", "value", "is_provisional"]].tolist() == [
        "USA",
        67_000,
        False,
    ]
    partial = found.loc[("overdose_deaths", 2025)]
    assert (str(partial["period_end"].date()), partial["is_provisional"]) == ("2025-09-20", True)
    assert found.loc[("overdose_death_rate_age_adjusted_per_100k", 2025), "status"] == "low_quality"
    adjusted = found.loc[("overdose_death_rate_age_adjusted_per_100k", 2018), ["lower", "value", "upper"]]
    assert adjusted.tolist() == [20.5, 20.7, 20.9]
    assert tidied.release_notes["D176-answer.xml: data vintage"].endswith("as of September 28, 2025")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"20.5"', '"870.1"', "found 870.1: the service has left out the choice of causes"),
        ('"20.5"', '"25.5"', r"the columns have changed"),
        ('"20.7"', '"0.1"', r"found \['67,000', '327,000,000', '20.5', '0.1'\] for 2018: the columns have changed"),
        ('D176.M4"', 'D176.M9"', "found M1, M2, M3, M32, M9, M42 by D176.V1-level1"),
        ("D176.V1-level1", "D176.V5", "by year .*found M1, .* by D176.V5"),
        ('<c v="20.5"/>', "", "expected a year and Deaths, Population, Crude Rate, Age Adjusted Rate in each row"),
        ("data-table", "message", "expected a data-table"),
        ('<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE page [<!ENTITY a "b">]>', "declarations"),
        ("</page>", "", "expected a complete XML answer"),
    ],
)
def test_other_answers_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    """All causes of death, missing columns, a message, entities and half an answer are no table of overdose deaths."""
    with pytest.raises(SourceRefused, match=says):
        source.tidy(answered(tmp_path, old, new))


def test_answer_to_another_question_is_refused(tmp_path: Path) -> None:
    """The causes that were asked for are read from the question that was kept, not taken for granted."""
    snapshot = answered(tmp_path)
    asked = wonder_answer.question().replace("<value>D3</value>", "")
    (tmp_path / wonder_answer.QUESTION).write_text(asked, encoding="utf-8")
    with pytest.raises(SourceRefused, match="expected the underlying causes of drug overdose"):
        source.tidy(snapshot)


def test_question_is_put_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The terms are accepted and the four kinds of overdose asked for; a fault is not answered by asking again."""
    with running() as server:
        monkeypatch.setattr(wonder_answer, "ADDRESS", server.url)
        server.routes["/D176"] = gives(ANSWER.read_bytes(), "text/xml")
        found = source.fetch(transport(), None, tmp_path / "new")
        assert found is not None
        assert [path.name for path in found.files] == [wonder_answer.QUESTION, wonder_answer.ANSWER]
        form = parse_qs(server.sent[0].decode())
        assert form["accept_datause_restrictions"] == ["true"]
        assert form["request_xml"] == [wonder_answer.question()]
        server.routes["/D176"] = gives(b"<page/>", "text/xml", 500)
        with pytest.raises(TransportError, match="HTTP 500"):
            source.fetch(transport(), None, tmp_path / "again")
        assert len(server.sent) == 2


def test_question_alone_is_no_release(tmp_path: Path) -> None:
    """An answer whose question is gone is refused: its columns could be anything."""
    shutil.copy(ANSWER, tmp_path / wonder_answer.ANSWER)
    snapshot = Snapshot(
        "cdc_wonder", "2025-10-01", tmp_path, (tmp_path / wonder_answer.ANSWER,), "", "", "", "live", {}
    )
    with pytest.raises(SourceRefused, match="expected the question beside its answer"):
        source.tidy(snapshot)
