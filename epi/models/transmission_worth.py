"""What the transmission model's years and events are worth: utilities, disability weights, prices and who pays."""

from epi.models.interface import Parameter

PAY_YEAR = "currency per person-year"

HEALTH = (
    Parameter("utility_injecting", "Utility while injecting, out of OAT.", "utility", -1, 1, "utility", 1),
    Parameter("utility_oat", "Utility on OAT.", "utility", -1, 1, "utility", None, "utility_injecting"),
    Parameter(
        "utility_cessation",
        "Utility in a pause or after lasting cessation, out of OAT.",
        "utility",
        -1,
        1,
        "utility",
        None,
        "utility_injecting",
    ),
    Parameter("utility_prison", "Utility in prison.", "utility", -1, 1, "utility", None, "utility_injecting"),
    Parameter("utility_loss_hiv", "Loss with untreated HIV (acute or chronic).", "utility", 0, 1, "utility", 0),
    Parameter("utility_loss_art", "Loss with HIV on ART.", "utility", 0, 1, "utility", 0),
    Parameter("utility_loss_hcv", "Loss with chronic HCV, F0 to F3.", "utility", 0, 1, "utility", 0),
    Parameter("utility_loss_f4", "Loss with cirrhosis.", "utility", 0, 1, "utility", 0),
    Parameter(
        "disability_injecting",
        "Disability weight while injecting, out of OAT.",
        "disability weight",
        0,
        1,
        "utility",
        0,
    ),
    Parameter("disability_oat", "Disability weight on OAT.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_hiv_acute", "Disability weight of acute HIV.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_hiv", "Disability weight of untreated chronic HIV.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_art", "Disability weight of HIV on ART.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_hcv", "Disability weight of chronic HCV, F0 to F3.", "disability weight", 0, 1, "utility", 0),
    Parameter("disability_f4", "Disability weight of cirrhosis.", "disability weight", 0, 1, "utility", 0),
    Parameter(
        "life_years_lost_overdose", "Remaining life expectancy at an overdose death.", "years", 0, 100, "population", 0
    ),
    Parameter(
        "life_years_lost_other",
        "Remaining life expectancy at a death from another cause.",
        "years",
        0,
        100,
        "population",
        0,
    ),
    Parameter(
        "life_years_lost_hiv", "Remaining life expectancy at a death from HIV.", "years", 0, 100, "population", 0
    ),
    Parameter(
        "life_years_lost_liver",
        "Remaining life expectancy at a death from liver disease.",
        "years",
        0,
        100,
        "population",
        0,
    ),
)
COST = (
    Parameter("cost_oat", "OAT with methadone, all services included.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_buprenorphine", "OAT with buprenorphine.", PAY_YEAR, 0, 1e9, "cost", None, "cost_oat"),
    Parameter(
        "cost_xr_buprenorphine", "OAT with extended-release buprenorphine.", PAY_YEAR, 0, 1e9, "cost", None, "cost_oat"
    ),
    Parameter("cost_nsp", "High needle and syringe coverage.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_naloxone_kit", "One naloxone kit with its training.", "currency per kit", 0, 1e9, "cost", 0),
    Parameter(
        "consumption_room_visits",
        "Visits a year of a person whose injections all happen in a consumption room.",
        "visits per person-year",
        0,
        5000,
        "coverage",
        0,
    ),
    Parameter(
        "cost_consumption_room_visit", "One visit to a consumption room.", "currency per visit", 0, 1e9, "cost", 0
    ),
    Parameter(
        "cost_consumption_room_setup",
        "Setting up consumption rooms, paid once when a scale-up of them begins.",
        "currency",
        0,
        1e12,
        "cost",
        0,
    ),
    Parameter("cost_drug_checking", "Drug checking for a person who uses it.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_safer_supply", "Safer supply for a person on it.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_hiv_test", "One HIV test.", "currency per test", 0, 1e9, "cost", 0),
    Parameter("cost_art", "ART and HIV care.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_hiv_untreated", "Care of untreated HIV.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_prep", "Pre-exposure prophylaxis.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "hcv_tests_per_course", "HCV tests done for each course begun.", "tests per course", 0, 1000, "coverage", 0
    ),
    Parameter("cost_hcv_test", "One HCV test.", "currency per test", 0, 1e9, "cost", 0),
    Parameter("cost_hcv_course", "One course of HCV treatment.", "currency per course", 0, 1e9, "cost", 0),
    Parameter("cost_hcv", "Care of chronic HCV, F0 to F3.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter("cost_f4", "Care of cirrhosis.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "cost_emergency_attendance",
        "One attendance at an overdose, ambulance and hospital.",
        "currency per attendance",
        0,
        1e9,
        "cost",
        0,
    ),
    Parameter(
        "cost_injection_infection",
        "One hospital stay for an injection-related infection.",
        "currency per stay",
        0,
        1e9,
        "cost",
        0,
    ),
    Parameter("cost_prison", "Prison.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "cost_crime_injecting", "Crime and courts of a person who injects, out of OAT.", PAY_YEAR, 0, 1e9, "cost", 0
    ),
    Parameter("cost_crime_oat", "Crime and courts of a person on OAT.", PAY_YEAR, 0, 1e9, "cost", 0),
    Parameter(
        "cost_overdose_death", "An overdose death to society besides care.", "currency per death", 0, 1e9, "cost", 0
    ),
)
