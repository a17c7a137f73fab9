"""The differential equations of the transmission model: the change of every state per year, compiled by numba.

Import it inside a function: numba takes a moment to load and the first call compiles.

Draws are solved in blocks of `W`, side by side: row r of an array holds one number of each of the W draws, at
`r * W + i`. With a constant W, flat arrays and constant rows the compiler turns the inner loops into vector
instructions (three times faster, measured); a block stays in the nearest cache. A draw never sees another one, so
results do not depend on blocks or threads.

Array `y` has 9 rows per position: 4 states of HIV, then 5 of HCV, of the same people. `work` holds the rates (rows up to
`RATE_ROWS`), then what each stage of a step works out.
"""

import numpy as np
from numba import njit

from epi.models import transmission_layout as layout

W = 16
FOUR_WEEKS = 365.25 / 28
# A missed target draws people in at this rate per year, and nobody waits less than two months on average.
CATCH_UP = 4.0
FASTEST_START = 6.0
TINY = 1e-12

NP, NR, NB, NK = len(layout.POSITIONS), len(layout.RATES), len(layout.BY_POSITION), len(layout.COUNTERS)
NS = len(layout.HIV_STATES) + len(layout.HCV_STATES)
COUNTED = NK + NP + NS
LEVER_COUNT = 12

(
    OAT_DROP, NSP_DROP, PAUSE, RELAPSE, STOP, FORMER_RELAPSE, INCARCERATION, RELEASE, RECRUITS, HIV_RATE, HIV_ACUTE_END,
    ACUTE_PASSES, ART_PASSES, START_AFTER_TEST, ART_DROP, HIV_DEATH, ART_DEATH, PREP_PROTECTS, HCV_RATE, HCV_ACUTE_END,
    CLEARANCE, REINFECTION, PROGRESSION, F4_DEATH, CURE, WITNESSED, NALOXONE_HIGHEST, KITS_SCALE, FATALITY,
    FATALITY_NALOXONE, ATTENDED, ROOM_SAVES, ROOM_ATTENDED, ROOM_SHARES, ROOM_INJURES, CHECKING_PROTECTS,
    SUPPLY_PROTECTS, SCALE_START, SCALE_YEARS,
) = (row * W for row in range(NR))  # fmt: skip
OVERDOSE, OTHER_DEATH, INJURY, HIV_RISK, HIV_PASSES, HCV_RISK, HCV_PASSES = ((NR + NP * i) * W for i in range(NB))
TODAY = (NR + NP * NB) * W
TARGET = TODAY + LEVER_COUNT * W
RATE_ROWS = NR + NP * NB + 2 * LEVER_COUNT

LEVEL = RATE_ROWS * W
(L_OAT, L_NSP, L_KITS, L_ROOM, L_CHECK, L_SUPPLY, L_TREAT, L_TEST, L_ART, L_PREP, L_PRISON_OAT, L_LINK) = (
    LEVEL + lever * W for lever in range(LEVER_COUNT)
)
(
    OAT_START, NSP_START, PRISON_OAT_START, ART_START, ART_START_TEST, HIV_FORCE, HIV_FORCE_PRISON, HCV_FORCE,
    HCV_FORCE_PRISON, TREAT_CURE, FATAL, FATAL_ROOM, SHARING, HIV_SUM, HCV_SUM, INSIDE, HIV_INSIDE, HCV_INSIDE,
    ON_OAT, WAITING, ELIGIBLE, INJECTING, HIGH_NSP, CHRONIC, ON_ART, SAFER,
) = (LEVEL + (LEVER_COUNT + row) * W for row in range(26))  # fmt: skip
PEOPLE = LEVEL + (LEVER_COUNT + 26) * W
OVERDOSING, OVERDOSE_DYING, DYING, HIV_IN, HCV_IN, ART_IN = (PEOPLE + NP * i * W for i in range(1, 7))
WORK_ROWS = PEOPLE // W + 7 * NP

fast = njit(nogil=True, error_model="numpy", fastmath={"contract"})


@fast
def levels_at(time, work):
    """Put the level of every service at a time into `work`: a straight line from today's to the target."""
    for lever in range(LEVER_COUNT):
        today, target, level = (work[a + lever * W : a + lever * W + W] for a in (TODAY, TARGET, LEVEL))
        for i in range(W):
            since = (time - work[SCALE_START + i]) / max(work[SCALE_YEARS + i], TINY)
            level[i] = today[i] + min(max(since, 0.0), 1.0) * (target[i] - today[i])
