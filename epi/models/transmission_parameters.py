"""The numbers that the transmission model needs: meaning, unit, bounds and kind of evidence of each.

No value stands here: values come from evidence with their source. A neutral value (1 of a ratio, 0 of a coverage or a
cost) switches a parameter off. Bounds only refuse what cannot be; they are no uncertainty intervals.
"""

from epi.models.interface import Parameter, Role
from epi.models.transmission_levers import LEVER_PARAMETERS
from epi.models.transmission_worth import COST, HEALTH


def share(
    name: str,
    meaning: str,
    role: Role = "natural history",
    neutral: float | None = None,
    same_as: str | None = None,
    upper: float = 1,
) -> Parameter:
    """Give a parameter that is a part of a group."""
    return Parameter(name, meaning, "proportion", 0, upper, role, neutral, same_as)


def ratio(
    name: str,
    meaning: str,
    role: Role = "effect",
    neutral: float | None = 1,
    same_as: str | None = None,
    upper: float = 20,
    unit: str = "rate ratio",
) -> Parameter:
    """Give a parameter that multiplies a rate or a risk; without evidence it is 1, or that of `same_as`."""
    return Parameter(name, meaning, unit, 0, upper, role, None if same_as else neutral, same_as)


def rate(
    name: str,
    meaning: str,
    role: Role = "natural history",
    neutral: float | None = None,
    same_as: str | None = None,
    upper: float = 12,
) -> Parameter:
    """Give a parameter that is a rate of one person."""
    return Parameter(name, meaning, "per person-year", 0, upper, role, neutral, same_as)


POPULATION = (
    Parameter(
        "people_who_inject_drugs",
        "People who inject drugs at the start, in the community.",
        "people",
        1,
        1e9,
        "population",
    ),
    rate(
        "recruitment_rate",
        "People who begin to inject, for each person who injects at the start.",
        role="population",
        upper=2,
    ),
    Parameter(
        "injecting_duration_years",
        "Mean years from first injection to lasting cessation.",
        "years",
        0.1,
        100,
        "population",
    ),
    share(
        "temporary_cessation_share",
        "People in temporary cessation among people_who_inject_drugs at the start.",
        role="population",
        neutral=0,
        upper=0.95,
    ),
    rate("temporary_cessation_rate", "Start of a pause in injecting.", role="population", neutral=0),
    rate("relapse_rate", "Return to injecting from a pause.", role="population", neutral=0),
    Parameter(
        "former_injecting_ratio",
        "People who stopped for good at the start, for each person who injects.",
        "ratio",
        0,
        50,
        "population",
        0,
    ),
    rate("former_relapse_rate", "Return to injecting after lasting cessation.", role="population", neutral=0, upper=2),
    rate(
        "other_mortality_rate",
        "Deaths of people out of OAT from causes other than overdose, HIV and liver disease.",
        upper=1,
    ),
    ratio("oat_other_mortality_rr", "Those deaths on OAT against out of it."),
    ratio(
        "former_other_mortality_rr",
        "Those deaths after lasting cessation against while injecting.",
        role="natural history",
    ),
    rate(
        "incarceration_rate",
        "Entry to prison of people who inject drugs or pause; 0 leaves prison out.",
        role="population",
        neutral=0,
    ),
    Parameter(
        "incarcerated_ratio",
        "People in prison at the start, for each person who injects in the community.",
        "ratio",
        0,
        10,
        "population",
        0,
    ),
    Parameter("prison_stay_years", "Mean length of a stay in prison.", "years", 0.02, 50, "population", 1),
)
OVERDOSE = (
    rate("overdose_rate", "Overdoses, fatal or not, of people who inject drugs, out of OAT."),
    share("overdose_fatality", "Overdoses that end in death where no naloxone is given."),
    share(
        "naloxone_fatality",
        "Overdoses that end in death where naloxone is given.",
        role="effect",
        same_as="overdose_fatality",
    ),
    share("fentanyl_share", "Overdoses that involve fentanyl.", neutral=0),
    ratio(
        "fentanyl_fatality_rr",
        "Fatality of an overdose with fentanyl against without.",
        role="natural history",
        unit="risk ratio",
    ),
    share("overdose_witnessed", "Overdoses that somebody else is present at.", neutral=0),
    share(
        "naloxone_use_highest",
        "Witnessed overdoses at which naloxone is used when kits abound.",
        role="effect",
        neutral=0,
    ),
    Parameter(
        "naloxone_kits_scale",
        "Kits per person-year at which 63 % of that highest use is reached.",
        "kits per person-year",
        0.001,
        100,
        "effect",
        1,
    ),
    share("overdose_attended", "Overdoses to which an ambulance or emergency department attends.", neutral=0),
    ratio("oat_overdose_rr", "Overdoses on OAT after 4 weeks (methadone) against out of treatment."),
    ratio("buprenorphine_overdose_rr", "The same for buprenorphine.", same_as="oat_overdose_rr"),
    ratio("xr_buprenorphine_overdose_rr", "The same for extended-release buprenorphine.", same_as="oat_overdose_rr"),
    ratio("oat_induction_overdose_rr", "Overdoses in the first 4 weeks on OAT against out of treatment.", upper=50),
    ratio("oat_cessation_overdose_rr", "Overdoses in the first 4 weeks after OAT against out of treatment.", upper=50),
    ratio("temporary_cessation_overdose_rr", "Overdoses in a pause against while injecting.", role="natural history"),
    ratio(
        "former_overdose_rr",
        "Overdoses after lasting cessation against while injecting.",
        role="natural history",
        neutral=0,
    ),
    ratio(
        "release_overdose_rr",
        "Overdoses in the first 4 weeks after release against later.",
        role="natural history",
        upper=200,
    ),
    ratio("prison_overdose_rr", "Overdoses in prison against in the community.", role="natural history", neutral=0),
    ratio(
        "consumption_room_fatality_rr",
        "Fatality of an overdose in a consumption room against elsewhere.",
        upper=1,
        unit="risk ratio",
    ),
    ratio(
        "consumption_room_attended_rr",
        "Emergency attendance at an overdose in a consumption room against elsewhere.",
        upper=5,
        unit="risk ratio",
    ),
    ratio("consumption_room_sharing_rr", "Sharing of equipment in a consumption room against elsewhere.", upper=5),
    share("drug_checking_unexpected", "Checks that find unexpected content.", role="effect", neutral=0),
    share(
        "drug_checking_change", "People who change what they do after an unexpected result.", role="effect", neutral=0
    ),
    ratio("drug_checking_overdose_rr", "Overdoses after such a change against without.", upper=5),
    ratio("safer_supply_overdose_rr", "Overdoses on safer supply against without.", upper=5),
)
OAT = (
    rate("oat_discontinuation_rate", "Leaving OAT (methadone).", upper=24),
    rate(
        "buprenorphine_discontinuation_rate",
        "Leaving OAT with buprenorphine.",
        same_as="oat_discontinuation_rate",
        upper=24,
    ),
    rate(
        "xr_buprenorphine_discontinuation_rate",
        "Leaving OAT with extended-release buprenorphine.",
        same_as="oat_discontinuation_rate",
        upper=24,
    ),
    share("oat_share_buprenorphine", "People on OAT who take buprenorphine.", role="coverage", neutral=0),
    share(
        "oat_share_xr_buprenorphine",
        "People on OAT who take extended-release buprenorphine; the rest take methadone.",
        role="coverage",
        neutral=0,
    ),
    rate("nsp_discontinuation_rate", "Return from high to low needle and syringe coverage.", neutral=0),
    Parameter("scale_up_start_year", "Time from the start until a scale-up begins.", "years", 0, 200, "coverage", 0),
    Parameter(
        "scale_up_years",
        "Time over which levels go in a straight line from today's to the target.",
        "years",
        0,
        200,
        "coverage",
        0,
    ),
)
HIV = (
    share("hiv_prevalence", "People with HIV among all at the start.", role="population", neutral=0),
    rate(
        "hiv_transmission_rate",
        "New HIV infections per year of a person with no protection, if all others had chronic untreated HIV.",
        neutral=0,
    ),
    Parameter("hiv_acute_years", "Mean length of acute HIV infection.", "years", 0.08, 5, "natural history", 0.25),
    Parameter(
        "hiv_acute_infectiousness",
        "Infectiousness of acute against chronic untreated HIV.",
        "ratio",
        0,
        100,
        "natural history",
        1,
    ),
    ratio("art_transmission_rr", "Infectiousness on ART against chronic untreated HIV.", upper=1),
    share("art_start_after_test", "People with chronic HIV who start ART after a test.", role="effect", neutral=0),
    rate("art_discontinuation_rate", "Leaving ART.", neutral=0),
    rate(
        "hiv_mortality_rate",
        "Deaths from untreated chronic HIV infection, besides all other deaths.",
        neutral=0,
        upper=2,
    ),
    rate("art_mortality_rate", "Deaths from HIV on ART, besides all other deaths.", neutral=0, upper=2),
    ratio("oat_hiv_rr", "HIV incidence on OAT against out of it.", upper=5),
    ratio("nsp_hiv_rr", "HIV incidence with high against low needle and syringe coverage.", upper=5),
    ratio("prep_hiv_rr", "HIV incidence on PrEP against without.", upper=5),
)
HCV = (
    share("hcv_prevalence", "People with chronic HCV (RNA) among all at the start.", role="population", neutral=0),
    share(
        "hcv_cleared_prevalence",
        "People with antibodies but no RNA among all at the start.",
        role="population",
        neutral=0,
    ),
    share(
        "hcv_f4_share", "People with cirrhosis among those with chronic HCV at the start.", role="population", neutral=0
    ),
    rate(
        "hcv_transmission_rate",
        "New HCV infections per year of a person with no protection, if all others had HCV.",
        neutral=0,
    ),
    Parameter("hcv_acute_years", "Mean length of acute HCV infection.", "years", 0.08, 5, "natural history", 0.5),
    share("hcv_clearance_proportion", "Acute infections that clear without treatment.", neutral=0),
    ratio(
        "hcv_reinfection_rr",
        "HCV incidence after clearance or cure against first infection.",
        role="natural history",
        upper=5,
    ),
    rate("hcv_progression_rate", "From chronic infection F0 to F3 to cirrhosis.", neutral=0, upper=2),
    rate(
        "hcv_f4_mortality_rate",
        "Deaths from liver disease with cirrhosis, besides all other deaths.",
        neutral=0,
        upper=2,
    ),
    share("hcv_svr_proportion", "Treatment courses that cure.", role="effect", neutral=0),
    ratio("oat_hcv_rr", "HCV incidence on OAT against out of it.", upper=5),
    ratio("nsp_hcv_rr", "HCV incidence with high against low needle and syringe coverage.", upper=5),
    ratio("oat_nsp_hcv_rr", "HCV incidence with both against neither, as published for the combination.", upper=5),
    Parameter(
        "oat_nsp_interaction",
        "Rule for both together: 0 product of the two, 1 the better one, 2 HCV as published (HIV: product).",
        "code",
        0,
        2,
        "assumption",
        0,
    ),
    share(
        "protection_passed_on",
        "How far OAT and NSP protect partners too: 0 not at all, 1 as much as the person.",
        role="assumption",
        neutral=0,
    ),
    ratio(
        "prison_sharing_rr",
        "Infection risk in prison against out of OAT and NSP in the community.",
        role="natural history",
        neutral=0,
    ),
)
INJURY = (
    rate(
        "injection_infection_rate", "Skin, tissue and other injection-related infections that need hospital.", neutral=0
    ),
    ratio("oat_injection_infection_rr", "Those on OAT against out of it.", upper=5),
    ratio("nsp_injection_infection_rr", "Those with high against low needle and syringe coverage.", upper=5),
    ratio(
        "consumption_room_injection_infection_rr",
        "Those from injections in a consumption room against elsewhere.",
        upper=5,
    ),
)

PARAMETERS: tuple[Parameter, ...] = (
    *POPULATION,
    *OVERDOSE,
    *OAT,
    *HIV,
    *HCV,
    *INJURY,
    *LEVER_PARAMETERS,
    *HEALTH,
    *COST,
)
