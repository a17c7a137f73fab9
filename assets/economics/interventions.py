"""Interventions: what each scales up in the transmission model, to which levels, and the evidence that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from epi.models.transmission_levers import LEVER_IDS

SCALE_UP_YEARS = 2.0
NALOXONE_TARGET = "naloxone_target_use"


@dataclass(frozen=True)
class Intervention:
    """One intervention, or several together.

    Attributes:
        id: Plain name.
        title: Name to show.
        targets: Levels to reach, by level's label: what each lever is brought to.
        needs: Evidence without which its health effects would silently be none.
        prices: Evidence without which its cost would silently be none.
        caveats: What to mind, one sentence each.
        infections: Prevalences of the place, of which one at least must be known for the intervention to act on.
    """

    id: str
    title: str
    targets: Mapping[str, Mapping[str, float]]
    needs: tuple[str, ...]
    prices: tuple[str, ...]
    caveats: tuple[str, ...] = ()
    infections: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse levers that the model does not have."""
        unknown = {lever for levels in self.targets.values() for lever in levels} - set(LEVER_IDS)
        if unknown:
            raise ValueError(f"{self.id}: expected levers out of {LEVER_IDS}, found {sorted(unknown)}")


_OAT = ("oat_overdose_rr", "oat_other_mortality_rr", "oat_discontinuation_rate")
_NSP = ("nsp_hiv_rr", "nsp_hcv_rr")
_NALOXONE = ("naloxone_fatality", "naloxone_use_highest", "overdose_witnessed", NALOXONE_TARGET)
_ROOM = ("consumption_room_fatality_rr", "consumption_room_sharing_rr", "consumption_room_visits")
_HCV = ("hcv_svr_proportion", "hcv_progression_rate")
_ART = ("art_transmission_rr", "hiv_mortality_rate", "art_mortality_rate", "art_coverage")
_TESTS = (*_ART, "art_start_after_test")
_PRISON = ("incarceration_rate", "incarcerated_ratio", "prison_stay_years", "release_overdose_rr")
NALOXONE_LEVEL = 1.0
"""Stands for as many kits as bring the use at witnessed overdoses to its target; the model's scale is set to fit."""

CATALOGUE: tuple[Intervention, ...] = (
    Intervention(
        "oat",
        "Opioid agonist treatment",
        {"40 %": {"oat_coverage": 0.4}, "50 %": {"oat_coverage": 0.5}},
        _OAT,
        ("cost_oat",),
        ("Methadone; the first weeks of treatment and after it have no ratio of their own without verified evidence.",),
    ),
    Intervention(
        "nsp",
        "Needle and syringe programmes",
        {"50 %": {"nsp_coverage": 0.5}, "75 %": {"nsp_coverage": 0.75}},
        _NSP,
        ("cost_nsp",),
        (
            "Share of people with high coverage: syringes per person over 200, WHO's high level.",
            "The pooled effect on hepatitis C (0.79) hides Europe's 0.44 and North America's 1.58.",
        ),
        ("hiv_prevalence", "hcv_prevalence"),
    ),
    Intervention(
        "naloxone",
        "Take-home naloxone",
        {"as needed": {"naloxone_kits": NALOXONE_LEVEL}},
        _NALOXONE,
        ("cost_naloxone_person",),
        ("Compared with none given out: today's level is not at hand, so the gain is an upper bound.",),
    ),
    Intervention(
        "consumption_room",
        "Drug consumption rooms",
        {"10 % of injections": {"consumption_room_reach": 0.1}},
        _ROOM,
        ("cost_consumption_room_visit",),
        ("Compared with none: rooms that are open already are not known to the model.",),
    ),
    Intervention(
        "drug_checking",
        "Drug checking",
        {"10 %": {"drug_checking_reach": 0.1}},
        ("drug_checking_unexpected", "drug_checking_change", "drug_checking_overdose_rr"),
        ("cost_drug_checking",),
        ("Effects come from one service and its modellers' assumptions.",),
    ),
    Intervention(
        "safer_supply",
        "Prescribed safer supply",
        {"5 %": {"safer_supply_reach": 0.05}},
        ("safer_supply_overdose_rr",),
        ("cost_safer_supply",),
        ("One observational study, as ACT uses it.",),
    ),
    Intervention(
        "hcv_treatment",
        "Hepatitis C treatment",
        {"30 % a year": {"hcv_treatment_rate": 0.36}},
        _HCV,
        ("cost_hcv_course",),
        ("Reinfection counts; deaths from liver disease come late, so ten years show little of the gain.",),
        ("hcv_prevalence",),
    ),
    Intervention(
        "hiv_testing",
        "HIV testing",
        {"once a year": {"hiv_tests": 1.0}},
        _TESTS,
        ("cost_hiv_test", "cost_art"),
        ("Acts through the share of people with HIV who begin treatment after a test.",),
        ("hiv_prevalence",),
    ),
    Intervention(
        "art",
        "Antiretroviral treatment",
        {"80 %": {"art_coverage": 0.8}},
        _ART,
        ("cost_art",),
        ("On treatment nearly nothing is passed on (Optima HIV's constants).",),
        ("hiv_prevalence",),
    ),
    Intervention(
        "prep",
        "Pre-exposure prophylaxis",
        {"30 %": {"prep_coverage": 0.3}},
        ("prep_hiv_rr",),
        ("cost_prep",),
        ("Effect of the Bangkok trial; compared with none on prophylaxis today.",),
        ("hiv_prevalence",),
    ),
    Intervention(
        "prison_oat",
        "Opioid agonist treatment in prison, with a link to treatment at release",
        {"50 %, 80 % go on": {"prison_oat_coverage": 0.5, "release_oat_link": 0.8}},
        (*_OAT, *_PRISON),
        ("cost_oat",),
        ("Without a ratio of its own for prison, nobody overdoses there.",),
    ),
    Intervention(
        "oat_nsp",
        "Opioid agonist treatment with needle and syringe programmes",
        {"50 %, 75 %": {"oat_coverage": 0.5, "nsp_coverage": 0.75}},
        (*_OAT, *_NSP, "oat_nsp_hcv_rr"),
        ("cost_oat", "cost_nsp"),
        ("Both together act on infection as the product of both ratios.",),
    ),
    Intervention(
        "oat_nsp_naloxone",
        "Opioid agonist treatment, needle and syringe programmes and take-home naloxone",
        {"50 %, 75 %, as needed": {"oat_coverage": 0.5, "nsp_coverage": 0.75, "naloxone_kits": NALOXONE_LEVEL}},
        (*_OAT, *_NSP, *_NALOXONE),
        ("cost_oat", "cost_nsp", "cost_naloxone_person"),
        ("Naloxone is compared with none given out.",),
    ),
    Intervention(
        "oat_nsp_hcv_treatment",
        "Opioid agonist treatment, needle and syringe programmes and hepatitis C treatment",
        {"50 %, 75 %, 30 % a year": {"oat_coverage": 0.5, "nsp_coverage": 0.75, "hcv_treatment_rate": 0.36}},
        (*_OAT, *_NSP, *_HCV),
        ("cost_oat", "cost_nsp", "cost_hcv_course"),
        infections=("hcv_prevalence",),
    ),
    Intervention(
        "oat_nsp_naloxone_hcv_treatment",
        "Opioid agonist treatment, needle and syringe programmes, take-home naloxone and hepatitis C treatment",
        {
            "50 %, 75 %, as needed, 30 % a year": {
                "oat_coverage": 0.5,
                "nsp_coverage": 0.75,
                "naloxone_kits": NALOXONE_LEVEL,
                "hcv_treatment_rate": 0.36,
            }
        },
        (*_OAT, *_NSP, *_NALOXONE, *_HCV),
        ("cost_oat", "cost_nsp", "cost_naloxone_person", "cost_hcv_course"),
        infections=("hcv_prevalence",),
    ),
    Intervention(
        "hiv_testing_art",
        "HIV testing and antiretroviral treatment",
        {"once a year, 80 %": {"hiv_tests": 1.0, "art_coverage": 0.8}},
        _TESTS,
        ("cost_hiv_test", "cost_art"),
        infections=("hiv_prevalence",),
    ),
    Intervention(
        "oat_nsp_art",
        "Opioid agonist treatment, needle and syringe programmes and antiretroviral treatment",
        {"50 %, 75 %, 80 %": {"oat_coverage": 0.5, "nsp_coverage": 0.75, "art_coverage": 0.8}},
        (*_OAT, *_NSP, *_ART),
        ("cost_oat", "cost_nsp", "cost_art"),
        infections=("hiv_prevalence",),
    ),
)

TODAY, NONE, SERVICES_TODAY = "today", "no_services", "services_today"
"""Strategies that others are compared with: services as they are; none at all; and what the first is worth."""


def intervention(name: str) -> Intervention:
    """Give an intervention by its name.

    Raises:
        ValueError: No such intervention; the message lists those there are.
    """
    for one in CATALOGUE:
        if one.id == name:
            return one
    raise ValueError(f"expected one of the interventions {', '.join(one.id for one in CATALOGUE)}; found {name!r}")
