"""`assets.standards`: the standard populations, against what their publishers printed and against each other."""

import csv

import numpy as np
import pandas as pd
import pytest

from assets import standards as module
from assets.standards import standards, weights

# The sum that each publisher states or that its scale implies. WHO's rounded percentages add up to 100.035.
TOTALS = {
    "us_2000_11": 1,
    "us_2000_18": 274_633_642,
    "us_2000_19": 274_633_642,
    "esp_2013_19": 100_000,
    "who_2000_2025_21": 1.00035,
    "canada_2011_18": 34_342_780,
    "canada_2011_19": 34_342_780,
    "canada_2011_86": 34_342_780,
    "us_2000_86": 274_633_642,
    "us_2000_101": 274_633_642,
}


def test_each_standard_adds_up_to_its_total():
    """Every standard has its publisher's total; a standard million has a million."""
    sums = standards().groupby("standard_id")["weight"].sum()
    assert len(sums) == 38
    for standard_id, total in sums.items():
        assert total == pytest.approx(TOTALS.get(standard_id, 1_000_000), rel=1e-9), standard_id
    assert sums.index[sums.eq(1_000_000)].str.contains("_million_").all()


def test_the_11_groups_of_the_us_standard_are_the_printed_ones():
    """US 2000 in 11 groups has the weights of Table I of NVSR 47(3), as reproduced in NCBI Bookshelf NBK20750."""
    printed = {
        "0": "0.013818",
        "1-4": "0.055317",
        "5-14": "0.145565",
        "15-24": "0.138646",
        "25-34": "0.135573",
        "35-44": "0.162613",
        "45-54": "0.134834",
        "55-64": "0.087247",
        "65-74": "0.066037",
        "75-84": "0.044842",
        "85+": "0.015508",
    }
    table = weights("us_2000_11")
    assert {
        group: f"{weight:.6f}" for group, weight in zip(table["age_group"], table["weight"], strict=True)
    } == printed


def test_the_us_standards_are_one_population():
    """The 11, 18 and 19 groups and the standard million are one age structure, but for the printed rounding."""
    eleven, nineteen, eighteen = (weights(f"us_2000_{groups}") for groups in (11, 19, 18))
    edges = [*eleven["age_start"], np.inf]
    shares = nineteen.groupby(pd.cut(nineteen["age_start"], edges, right=False))["weight"].sum() / 274_633_642
    np.testing.assert_allclose(eleven["weight"], shares, atol=2e-6)
    # NCHS divided thousands of people, and rounded 75-84 up so that the weights add up to 1 (note to Table I).
    thousands = np.array([3_795, 15_192, 39_977, 38_077, 37_233, 44_659, 37_030, 23_961, 18_136, 12_315, 4_259])
    rounded = (thousands / thousands.sum()).round(6)
    rounded[9] += 1e-6
    np.testing.assert_allclose(eleven["weight"], rounded, rtol=1e-12)
    assert nineteen["weight"][:2].sum() == eighteen["weight"][0]
    assert nineteen["weight"][2:].tolist() == eighteen["weight"][1:].tolist()
    million = weights("us_2000_million_18")["weight"] / 1e6
    np.testing.assert_allclose(million, eighteen["weight"] / 274_633_642, atol=2e-6)


def test_the_european_and_the_who_standard_agree_between_their_two_copies():
    """SEER's 18 groups are the publishers' 19 (Eurostat) and 21 (WHO) with the oldest ages put together."""
    for many, few, tolerance in (
        ("esp_2013_19", "esp_2013_million_18", 1e-12),
        ("who_2000_2025_21", "who_2000_2025_million_18", 2e-6),
    ):
        shares, rounded = (weights(standard_id)["weight"] for standard_id in (many, few))
        shares, rounded = shares / shares.sum(), rounded / rounded.sum()
        np.testing.assert_allclose(np.append(shares[:17], shares[17:].sum()), rounded, atol=tolerance)


def test_each_set_of_seer_is_one_population_in_coarser_and_finer_ages():
    """Nineteen groups and single ages add up to the eighteen groups of the same standard, person by person."""
    eighteen = [standard_id for standard_id in standards()["standard_id"].unique() if standard_id.endswith("_18")]
    finer = []
    for standard_id in eighteen:
        coarse = weights(standard_id)
        edges = [*coarse["age_start"], np.inf]
        for groups in (19, 86, 101):
            other = standard_id.removesuffix("18") + str(groups)
            if other in set(standards()["standard_id"]):
                table = weights(other)
                sums = table.groupby(pd.cut(table["age_start"], edges, right=False), observed=True)["weight"].sum()
                assert sums.tolist() == coarse["weight"].tolist(), other
                assert len(table) == groups
                finer.append(other)
    assert (len(eighteen), len(finer)) == (15, 20)


def test_a_citation_stands_beside_each_weight():
    """No row lacks its source, and only figures whose title the file does not give are unverified."""
    table = standards()
    assert table[["title", "source", "table"]].ne("").all(axis=None)
    unnamed = ["canada_2011_18", "esp_2013_million_19", "canada_2011_19", "canada_2011_86"]
    assert table.loc[~table["verified"], "standard_id"].unique().tolist() == unnamed
    assert table.groupby("standard_id")["title"].nunique().eq(1).all()


def test_the_frames_are_the_callers_own():
    """Changing what was returned does not change what the next caller gets."""
    table = weights("esp_2013_19")
    table["weight"] = 0
    del standards()["title"]
    assert weights("esp_2013_19")["weight"].sum() == 100_000
    assert weights("esp_2013_19")["age_group"].tolist()[-1] == "90+"
    assert "title" in standards()


def test_an_unknown_standard_is_refused_with_the_known_ones():
    """A wrong id is answered with the right ones."""
    with pytest.raises(ValueError, match=r"us_2000_11, us_2000_18.*found 'us2000'"):
        weights("us2000")


@pytest.mark.parametrize("fault", ["gap", "no open end", "no weight"])
def test_a_faulty_table_is_refused(tmp_path, monkeypatch, fault):
    """A table with a gap, without an open-ended group or with a weight of 0 names its line."""
    lines = module.STANDARDS_FILE.read_text(encoding="utf-8").splitlines()[:12]
    if fault == "gap":
        del lines[4]
    elif fault == "no open end":
        del lines[11]
    else:
        lines[3] = lines[3].replace("0.145565", "0")
    path = tmp_path / "standard_populations.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    monkeypatch.setattr(module, "STANDARDS_FILE", path)
    line = {"gap": 5, "no open end": 11, "no weight": 4}[fault]
    with pytest.raises(ValueError, match=f"found line {line}: us_2000_11"):
        module._standards.__wrapped__()


def test_weights_are_those_of_the_publishers_files(shared_data):
    """Every set taken from SEER's file has that file's numbers, group by group."""
    with (shared_data / "us/census_population/standard_populations_seer.csv").open(encoding="utf-8") as file:
        published = {}
        for row in csv.DictReader(file):
            published.setdefault(row["standard"], []).append(float(row["pop_std"]))
    table = standards()
    from_seer = table[table["table"].str.startswith("SEER standard")]
    assert sorted(from_seer["table"].str.replace("SEER standard ", "s").unique()) == sorted(published)
    for code, rows in from_seer.groupby("table"):
        assert rows["weight"].tolist() == published["s" + code.removeprefix("SEER standard ")]


def test_european_and_who_weights_are_those_read(shared_data):
    """The European and the WHO set have the numbers of the reference file."""
    read = pd.read_csv(shared_data / "global/reference/standard_populations.csv")
    for code, standard_id in (("ESP2013", "esp_2013_19"), ("WHO_WORLD_2000_2025", "who_2000_2025_21")):
        rows = read[read["standard"] == code]
        table = weights(standard_id)
        assert table["weight"].tolist() == rows["weight"].tolist()
        assert table["age_start"].tolist() == rows["age_min"].tolist()
