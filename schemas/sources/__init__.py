"""Raw layouts: how each publisher's file looks before anything is changed; and the one list of connected sources."""

CONNECTED = (
    "cdc_vsrr",
    "cdc_wonder",
    "phac_substance_harms",
    "phac_consumption_sites",
    "emcdda_bulletin",
    "unaids_gam",
    "cdc_dispensing",
    "census_population",
    "un_population",
)
"""Sources whose files are read, in the order a reader meets them; a name is that of its two modules."""
