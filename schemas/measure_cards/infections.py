"""HIV, viral hepatitis and tuberculosis."""

from schemas.measure_cards.card import MeasureCard, share

CARDS: tuple[MeasureCard, ...] = (
    share(
        "hiv_prevalence_pwid_pct",
        "HIV prevalence among people who inject drugs",
        "People who inject drugs living with HIV among those tested in surveys.",
    ),
    share(
        "hcv_antibody_prevalence_pwid_pct",
        "Hepatitis C antibody prevalence among people who inject drugs",
        "People who inject drugs with hepatitis C antibodies among those tested; past or present infection.",
    ),
    share(
        "hbv_prevalence_pwid_pct",
        "Hepatitis B prevalence among people who inject drugs",
        "People who inject drugs with hepatitis B markers among those tested.",
    ),
    share(
        "hiv_status_known_pwid_pct",
        "Knowledge of HIV status among people who inject drugs",
        "People who inject drugs who know their HIV status (tested in the last 12 months, or known to live with HIV).",
    ),
    share(
        "art_coverage_pwid_pct",
        "Antiretroviral therapy among people who inject drugs",
        "People who inject drugs receiving antiretroviral therapy among those living with HIV.",
    ),
    share(
        "hiv_prevalence_prisoners_pct",
        "HIV prevalence among people in prison",
        "People in prison living with HIV among those tested.",
    ),
    share(
        "hcv_prevalence_prisoners_pct",
        "Hepatitis C infection among people in prison",
        "People in prison with hepatitis C infection, by the reporting country's test, among those tested.",
    ),
    share(
        "hcv_prevalence_prisoners_2016_pct",
        "Viral hepatitis C among people in prison (indicator of 2016)",
        "People in prison with hepatitis C by UNAIDS' indicator on viral hepatitis of 2016, whose values differ from "
        "those of the later indicator on hepatitis C infection.",
    ),
    share(
        "hbv_prevalence_prisoners_pct",
        "Hepatitis B infection among people in prison",
        "People in prison with hepatitis B infection, by the reporting country's test, among those tested.",
    ),
    share(
        "tb_prevalence_prisoners_pct",
        "Tuberculosis among people in prison",
        "People in prison with tuberculosis, by the reporting country's definition.",
    ),
    share(
        "art_coverage_prisoners_pct",
        "Antiretroviral therapy among people in prison",
        "People in prison receiving antiretroviral therapy among those living with HIV.",
    ),
)
