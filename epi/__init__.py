"""The mathematics of harm reduction indicators: plain functions over numpy arrays and pandas frames.

No input or output, no orchestration: every function here can be used in a notebook.

- `epi.intervals`: confidence limits of counts and of proportions.
- `epi.rates`: crude rates and rate ratios.
- `epi.coverage`: coverage under an uncertain denominator, and whether a target is met.
- `epi.standardise`: directly standardised rates and standardised ratios.
- `epi.mortality`: which deaths are overdose deaths, and which drugs were involved.
- `epi.trends`: annual percent change and joinpoints.
- `epi.disclosure`: suppression of small cells, and its audit.
- `epi.economics`: incremental analysis, acceptability and the value of information.
"""
