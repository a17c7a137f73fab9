"""What services count themselves."""

from schemas.measure_cards.card import MeasureCard


def _count(id: str, title: str, meaning: str, unit: str, kind: str = "flow", over_time: bool = True) -> MeasureCard:
    return MeasureCard(id, title, meaning, unit, kind, adds_over_time=over_time, adds_over_area=True)


CARDS: tuple[MeasureCard, ...] = (
    _count(
        "nsp_clients",
        "Clients of needle and syringe programmes",
        "Different people served in the period; unique inside a service, so never added over months.",
        "people",
        over_time=False,
    ),
    _count(
        "naloxone_kits_distributed",
        "Naloxone kits distributed",
        "Naloxone kits that programmes gave to people who may witness an overdose; not pharmacy dispensing.",
        "kits",
    ),
    _count(
        "naloxone_reversals_reported",
        "Overdoses reversed with naloxone, as reported",
        "Overdoses that people reported to a programme to have reversed with naloxone; many are never reported.",
        "events",
    ),
    _count(
        "drug_checking_samples",
        "Samples checked",
        "Samples of drugs that people brought to a drug checking service; they are not the drug supply.",
        "samples",
    ),
    _count(
        "drug_checking_samples_unexpected",
        "Samples with unexpected contents",
        "Samples that held something other than what the person who brought them expected.",
        "samples",
    ),
    _count(
        "hcv_ever_infected",
        "People ever infected with hepatitis C",
        "People of the service with any sign of present or past infection: antibody or RNA.",
        "people",
        "stock",
        over_time=False,
    ),
    _count(
        "hcv_viral_tested",
        "People tested for hepatitis C RNA",
        "Of the people ever infected, those with a test for RNA.",
        "people",
        "stock",
        over_time=False,
    ),
    _count(
        "hcv_initial_infection",
        "People with hepatitis C RNA found",
        "Of the people tested for RNA, those in whom it was found.",
        "people",
        "stock",
        over_time=False,
    ),
    _count(
        "hcv_cured_or_cleared",
        "People cured of or having cleared hepatitis C",
        "Of the people in whom RNA was found, those in whom it was later not found any more.",
        "people",
        "stock",
        over_time=False,
    ),
)
