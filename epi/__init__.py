"""The mathematics of harm reduction indicators: plain functions over numpy arrays and pandas frames.

No input or output, no orchestration: every function here can be used in a notebook.

- `epi.intervals`: confidence limits of counts and of proportions.
- `epi.rates`: crude rates, person-time incidence, ratios and differences of rates.
- `epi.proportions`: proportions and their differences, from counts and from surveys.
- `epi.repeat_events`: rates of events that one person can have more than once.
- `epi.standardise`: directly standardised rates, indirectly standardised ratios and rates.
- `epi.life`: years of life lost, life expectancy.
- `epi.mortality`: which deaths are overdose deaths, and which drugs were involved.
- `epi.visits`: which visits and stays are for an overdose.
- `epi.trends`, `epi.joinpoint`: annual percent change and joinpoints.
- `epi.linear_trends`: straight lines through many short series at once.
- `epi.linear_trends`: straight lines through many short series at once.
- `epi.interrupted`: interrupted time series.
- `epi.timeliness`: revisions, completeness, and what was known on a date.
- `epi.nowcast`: how many events a recent period will have once the late reports are in.
- `epi.aberration`: counts higher than their own past would lead one to expect.
- `epi.equity`: groups compared with a reference group, and measures of inequality.
- `epi.coverage`, `epi.coverage_simulation`: coverage under uncertain counts, and whether a target is met.
- `epi.population_size`: capture-recapture, multipliers, and what several estimates say.
- `epi.cascade`: care cascades, conditional and of all.
- `epi.presentation`: whether an estimate is precise enough to be shown.
- `epi.disclosure`: hiding small counts so that nobody can be recognised, and auditing what was hidden.
- `epi.small_areas`: funnel limits, fifths, smoothed rates.
- `epi.economics`: strategies compared, uncertainty and its price, budgets, and who gains; a package of its own.
"""
