"""Where things stand in the arrays of the transmission model: positions, infection states, rates, counters, stocks.

People are in one of 14 positions (injecting, OAT and needle coverage taken together), 4 states of HIV and 5 of HCV. The
full product of injecting x OAT x needle coverage x HIV x HCV would be 480 states. It is folded where evidence has
nothing to say: needle coverage only while injecting, first and last 4 weeks of OAT only while injecting, OAT in a pause
as one position, lasting cessation as one. That leaves 11 positions in the community (220 states), 3 more with prison
(280); a run without HIV takes a quarter of them.
"""

POSITIONS: tuple[str, ...] = (
    "injecting",
    "injecting_nsp",
    "oat_first_weeks",
    "oat_first_weeks_nsp",
    "oat",
    "oat_nsp",
    "oat_left",
    "oat_left_nsp",
    "paused",
    "paused_oat",
    "former",
    "released",
    "prison",
    "prison_oat",
)
"""`oat_left`: the 4 weeks after OAT; `paused`: temporary cessation; `released`: the 4 weeks after prison."""

INJECTING = (0, 1, 2, 3, 4, 5, 6, 7, 11)
"""Positions that share equipment in the community; `released` have low needle coverage and are out of OAT."""

ON_OAT = (2, 3, 4, 5, 9)
HIGH_NSP = (1, 3, 5, 7)
COMMUNITY = 11
"""Number of positions without the prison layer."""

HIV_STATES = ("hiv_susceptible", "hiv_acute", "hiv_chronic", "hiv_art")
HCV_STATES = ("hcv_susceptible", "hcv_acute", "hcv_f0_f3", "hcv_f4", "hcv_cleared")

RATES: tuple[str, ...] = (
    "oat_drop",
    "nsp_drop",
    "pause",
    "relapse",
    "stop",
    "former_relapse",
    "incarceration",
    "release",
    "recruits",
    "hiv_transmission",
    "hiv_acute_end",
    "hiv_acute_infectiousness",
    "art_infectiousness",
    "art_start_after_test",
    "art_drop",
    "hiv_death",
    "art_death",
    "prep_protection",
    "hcv_transmission",
    "hcv_acute_end",
    "hcv_clearance",
    "hcv_reinfection",
    "hcv_progression",
    "hcv_f4_death",
    "hcv_cure",
    "overdose_witnessed",
    "naloxone_use_highest",
    "naloxone_kits_scale",
    "fatality",
    "fatality_naloxone",
    "overdose_attended",
    "room_saves",
    "room_attended_less",
    "room_shares_less",
    "room_injures_less",
    "checking_protects",
    "supply_protects",
    "scale_up_start",
    "scale_up_years",
)
"""Rows of the array of rates; after them come one row per position for each of `BY_POSITION`, then the levers."""

BY_POSITION: tuple[str, ...] = (
    "overdose",
    "other_death",
    "injection_infection",
    "hiv_risk",
    "hiv_passing",
    "hcv_risk",
    "hcv_passing",
)

COUNTERS: tuple[str, ...] = (
    "overdoses",
    "overdose_deaths",
    "other_deaths",
    "hiv_deaths",
    "liver_deaths",
    "hiv_infections",
    "hcv_infections",
    "hcv_reinfections",
    "hcv_courses",
    "emergency_attendances",
    "injection_infections",
    "naloxone_kits",
    "room_years",
    "checking_years",
    "supply_years",
    "hiv_tests",
    "prep_years",
    "oat_starts",
    "recruits",
)
"""Events per year of the whole population; person-years by position, HIV and HCV state follow them in the arrays."""

STOCKS: tuple[str, ...] = (
    "alive",
    "people_who_inject",
    "injecting_now",
    "on_oat",
    "high_nsp",
    "hiv",
    "hiv_chronic_all",
    "on_art_all",
    "hcv_rna",
    "in_prison",
)
"""People at the start and the end of each year; `hiv` and `hcv_rna` among `people_who_inject` (now or paused)."""
