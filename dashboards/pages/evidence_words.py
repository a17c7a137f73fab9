"""What the evidence page asks of each intervention, and which figures of the evidence base answer it."""

from dataclasses import dataclass

from dashboards import formats


@dataclass(frozen=True)
class Topic:
    """One intervention of the page: its names, and the figures and indicators that stand under each question."""

    id: str
    title: str
    short: str
    effects: tuple[tuple[str, str], ...]
    """Parameter and outcome of each effect, in the order they are drawn."""
    practical: tuple[tuple[str, str], ...] = ()
    """Parameter and what it measures: do people take it up, and stay?"""
    safe: tuple[tuple[str, str], ...] = ()
    costs: tuple[tuple[str, str], ...] = ()
    indicators: tuple[str, ...] = ()
    """Indicators on this site that say where and how far the service is there."""


TOPICS = (
    Topic(
        "nsp",
        "Needle and syringe programmes",
        "needle and syringe programmes",
        (("nsp_hiv_rr", "HIV"), ("nsp_hcv_rr", "Hepatitis C"), ("oat_nsp_hcv_rr", "Hepatitis C, with OAT")),
        costs=(("cost_nsp", "a person a year"), ("cost_syringe", "a syringe")),
        indicators=("syringes_per_pwid", "syringes_per_pwid_computed"),
    ),
    Topic(
        "oat",
        "Opioid agonist treatment (OAT)",
        "opioid agonist treatment",
        (
            ("oat_all_cause_mortality_rr", "Death"),
            ("oat_overdose_rr", "Overdose"),
            ("oat_hiv_rr", "HIV"),
            ("oat_hcv_rr", "Hepatitis C"),
            ("methadone_all_cause_mortality_rr", "Death, methadone"),
            ("buprenorphine_all_cause_mortality_rr", "Death, buprenorphine"),
            ("methadone_relapse_mortality_rr", "Death, methadone against relapse"),
            ("oat_other_mortality_rr", "Death, not by overdose"),
            ("buprenorphine_overdose_rr", "Overdose, buprenorphine"),
            ("naltrexone_overdose_rr", "Overdose, naltrexone (no agonist)"),
            ("oat_nsp_hcv_rr", "Hepatitis C, with NSP"),
            ("oat_injection_infection_rr", "Injection infection"),
        ),
        practical=(
            ("oat_retained", "stay in treatment"),
            ("oat_discontinuation_rate", "leave treatment"),
            ("xr_buprenorphine_retention_6_months", "stay six months on injected buprenorphine"),
        ),
        safe=(("methadone_induction_mortality_rr", "death in the weeks when methadone starts"),),
        costs=(("cost_oat", "a person a year"),),
        indicators=("oat_coverage", "oat_clients_per_pwid_computed", "buprenorphine_dispensed_per_100k"),
    ),
    Topic(
        "naloxone",
        "Take-home naloxone",
        "take-home naloxone",
        (
            ("oend_overdose_death_rr_low", "Overdose death, few trained"),
            ("oend_overdose_death_rr_high", "Overdose death, many trained"),
            ("naloxone_fatality", "Death in an overdose with naloxone"),
        ),
        practical=(
            ("naloxone_on_hand", "have naloxone at hand"),
            ("naloxone_use_highest", "get it in a witnessed overdose when it is at hand, an assumption"),
        ),
        costs=(("cost_naloxone_person", "a person a year"),),
        indicators=("naloxone_dispensed_per_100k", "naloxone_kits_per_100k"),
    ),
    Topic(
        "consumption_room",
        "Drug consumption rooms",
        "drug consumption rooms",
        (
            ("consumption_room_overdose_death_rr", "Overdose death, near the room"),
            ("consumption_room_overdose_death_rr_elsewhere", "Overdose death, rest of the city"),
            ("consumption_room_attended_rr", "Ambulance to an overdose"),
            ("consumption_room_sharing_rr", "Sharing of syringes"),
            ("consumption_room_injection_infection_rr", "Injection infection"),
            ("consumption_room_public_injecting_or", "Injecting in public"),
        ),
        practical=(("site_oat_uptake", "clients who start OAT"),),
        safe=(("consumption_room_fatality_rr", "death in an overdose in a room"),),
        costs=(("cost_consumption_room_visit", "a visit"), ("site_cost", "a room and year")),
        indicators=("consumption_site_visits", "consumption_site_overdoses_per_10k_visits"),
    ),
    Topic(
        "drug_checking",
        "Drug checking",
        "drug checking",
        (("drug_checking_overdose_rr", "Overdose"),),
        practical=(
            ("drug_checking_unexpected", "samples that hold something unexpected"),
            ("drug_checking_change", "people who then change what they do"),
        ),
        costs=(("cost_drug_checking", "a person a year"), ("cost_drug_check_sample", "a sample")),
        indicators=("drug_checking_samples_checked", "drug_checking_unexpected"),
    ),
    Topic(
        "safer_supply",
        "Prescribed safer supply",
        "prescribed safer supply",
        (("safer_supply_overdose_rr", "Overdose"),),
        costs=(("cost_safer_supply", "a person a year"),),
    ),
    Topic(
        "hcv_treatment",
        "Hepatitis C treatment",
        "hepatitis C treatment",
        (("hcv_svr_proportion", "Cured"),),
        practical=(("hcv_treatment_discontinuation", "stop treatment early"),),
        safe=(("hcv_reinfection_rate", "infected again"),),
        costs=(("cost_hcv_course", "a course"), ("cost_hcv_test", "a test")),
        indicators=("hcv_treated_of_diagnosed", "hcv_treatment_uptake"),
    ),
    Topic(
        "art",
        "HIV treatment (ART)",
        "HIV treatment",
        (("art_transmission_rr", "HIV passed on, suppressed"),),
        indicators=("hiv_cascade_population", "art_gap_pwid"),
    ),
    Topic(
        "prep",
        "PrEP against HIV",
        "PrEP",
        (("prep_hiv_rr", "HIV"),),
        indicators=("prep_coverage",),
    ),
)
QUESTIONS = (
    ("practical", "Practical", "Do people take it up, and stay?"),
    ("feasible", "Feasible", "What does it take to run, and where is it running?"),
    ("effective", "Effective", "Does it prevent harm?"),
    ("safe", "Safe", "Does it harm anybody?"),
    ("cost_effective", "Cost-effective", "What does it give for its cost?"),
)
NOTHING = "The evidence base holds nothing on this."
STUDIES = {
    "act_databook": "ACT databook",
    "act_databook_peer": "ACT databook, run by peers",
    "act_folch_2018": "Folch",
    "optima_hiv": "Optima HIV",
    "pmc9951221": "RESPOND model",
    "pmc10500382": "JAMA Netw Open model",
    "pmc8133359": "IJDP model",
    "pmc3314060": "Methadone model",
    "hcv_vaccine": "HCV vaccine model",
    "bangkok_trial": "Bangkok trial",
    "euda_summary": "EUDA summary",
    "bmj_its_massachusetts": "BMJ",
    "cid_70_2355_ost": "Clin Infect Dis, on OAT",
    "cid_70_2355_recent": "Clin Infect Dis, recent injecting",
    "turner_uk": "Turner",
    "mcdonald_2016": "McDonald",
    "respond_v1": "RESPOND model",
    "hep_ce": "HEP-CE model",
    "pmid_38000322": "PMID 38000322",
}
"""Short names of sources whose citation does not begin with an author."""

REVIEW_WORDS = ("meta-analysis", "review", "pooled")


def study(source_key: str, citation: str, year: object) -> str:
    """Name a source in two or three words: Platt 2017."""
    name = STUDIES.get(source_key)
    if name is None:
        first = citation.split(" ")[0] if " et al" in citation else source_key.replace("_", " ").split(" ")[0]
        name = first.rstrip(",")
        name = name[:1].upper() + name[1:]
    written = "" if formats.is_missing(year) or any(part.isdigit() for part in name.split()) else formats.text(year)
    return f"{name} {written.removesuffix('.0')}".strip()


def design_kind(study_design: str) -> str:
    """Sort a study design into review, single study or input of another model."""
    plain = study_design.lower()
    if plain.startswith(("model input", "definition")):
        return "input"
    return "review" if any(word in plain for word in REVIEW_WORDS) else "study"
