"""Raw layouts: how each publisher's file looks before anything is changed; and the one list of connected sources."""

CONNECTED = (
    "cdc_vsrr",
    "cdc_vsrr_county",
    "cdc_wonder",
    "phac_substance_harms",
    "phac_consumption_sites",
    "emcdda_bulletin",
    "unaids_gam",
    "unaids_kp_atlas",
    "unaids_ncpi",
    "unaids_estimates",
    "unodc_annex",
    "who_gho",
    "world_bank",
    "eurostat_causes_of_death",
    "hri_global_state",
    "cdc_dispensing",
    "census_population",
    "seer_population",
    "un_population",
    "cdc_dose_syndromic",
    "dea_nflis",
    "samhsa_nsduh",
    "cdc_atlasplus",
    "optic_policy",
)
"""Sources whose files are read, in the order a reader meets them; a name is that of its two modules."""
