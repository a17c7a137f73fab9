"""The differential equations of the transmission model: the change of every state per year, compiled by numba.

Import it inside a function: numba takes a moment to load and the first call compiles.

Draws are solved in blocks of `W`, side by side: row r of an array holds one number of each of the W draws, at
`r * W + i`. With a constant W, flat arrays and constant rows the compiler turns the inner loops into vector
instructions (three times faster, measured); a block stays in the nearest cache. A draw never sees another one, so
results do not depend on blocks or threads.

Array `y` has 9 rows per position: 4 states of HIV, then 5 of HCV, of the same people. `work` holds the rates (rows up
to `RATE_ROWS`), then what each stage of a step works out.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"

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
COMMUNITY = layout.COMMUNITY
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
    HCV_FORCE_PRISON, TREAT_CURE, FATAL, FATAL_ROOM, SHARING, HIV_SUM, HCV_SUM, INSIDE, HIV_INSIDE, HCV_INSIDE, SAFER,
    PART,
) = (LEVEL + (LEVER_COUNT + row) * W for row in range(20))  # fmt: skip
STATES = LEVEL + (LEVER_COUNT + 20) * W
PEOPLE = STATES + NS * W
OVERDOSING, OVERDOSE_DYING, DYING, HIV_IN, HCV_IN, ART_IN = (PEOPLE + NP * i * W for i in range(1, 7))
WORK_ROWS = PEOPLE // W + 7 * NP

fast = njit(nogil=True, error_model="numpy", fastmath={"contract"})


@fast
def levels_at(time, work):
    """Put the level of every service at a time into `work`: a straight line from today's to the target."""
    for i in range(W):
        since = (time - work[SCALE_START + i]) / max(work[SCALE_YEARS + i], TINY)
        work[PART + i] = min(max(since, 0.0), 1.0)
    part = work[PART : PART + W]
    for lever in range(LEVER_COUNT):
        today = work[TODAY + lever * W : TODAY + lever * W + W]
        target = work[TARGET + lever * W : TARGET + lever * W + W]
        level = work[LEVEL + lever * W : LEVEL + lever * W + W]
        for i in range(W):
            level[i] = today[i] + part[i] * (target[i] - today[i])


@fast
def add_up(y, work, positions):
    """Sum people by position and by state, who shares equipment and who is infectious, in the community and in prison.

    Inner loops over a constant number of positions are unrolled by the compiler, which then turns the loop over draws
    into vector instructions.
    """
    far = NS * W
    for r in range(NS):
        states, here = work[STATES + r * W : STATES + r * W + W], y[r * W : r * W + (NP - 1) * far + W]
        for i in range(W):
            people = 0.0
            for p in range(COMMUNITY):
                people += here[p * far + i]
            states[i] = people
        if positions > COMMUNITY:
            for i in range(W):
                states[i] += here[11 * far + i] + here[12 * far + i] + here[13 * far + i]
    for p in range(positions):
        here, n = y[p * far : (p + 1) * far], work[PEOPLE + p * W : PEOPLE + p * W + W]
        for i in range(W):
            n[i] = here[i] + here[W + i] + here[2 * W + i] + here[3 * W + i]
    infectious(y, work, positions)


@fast
def infectious(y, work, positions):
    """Sum who shares equipment and how much HIV and HCV they pass on, in the community and in prison."""
    far = NS * W
    hiv_passes, hcv_passes = work[HIV_PASSES : HIV_PASSES + NP * W], work[HCV_PASSES : HCV_PASSES + NP * W]
    people = work[PEOPLE : PEOPLE + NP * W]
    for i in range(W):
        acute, art = work[ACUTE_PASSES + i], work[ART_PASSES + i]
        hiv, sharing = 0.0, 0.0
        for p in range(8):
            at = p * far + i
            hiv += hiv_passes[p * W + i] * (acute * y[at + W] + y[at + 2 * W] + art * y[at + 3 * W])
            sharing += people[p * W + i]
        work[HIV_SUM + i], work[SHARING + i] = hiv, sharing
    for i in range(W):
        hcv = 0.0
        for p in range(8):
            at = p * far + i
            hcv += hcv_passes[p * W + i] * (y[at + 5 * W] + y[at + 6 * W] + y[at + 7 * W])
        work[HCV_SUM + i] = hcv
        work[INSIDE + i], work[HIV_INSIDE + i], work[HCV_INSIDE + i] = 0.0, 0.0, 0.0
    for p in range(COMMUNITY, positions):
        here = y[p * far : (p + 1) * far]
        share, hiv_sum, hcv_sum = (SHARING, HIV_SUM, HCV_SUM) if p == 11 else (INSIDE, HIV_INSIDE, HCV_INSIDE)
        for i in range(W):
            passed = work[ACUTE_PASSES + i] * here[W + i] + here[2 * W + i] + work[ART_PASSES + i] * here[3 * W + i]
            work[share + i] += people[p * W + i]
            work[hiv_sum + i] += hiv_passes[p * W + i] * passed
            work[hcv_sum + i] += hcv_passes[p * W + i] * (here[5 * W + i] + here[6 * W + i] + here[7 * W + i])


@fast
def start_rate(missing, leaving, waiting):
    """Give the rate at which those who wait start, so that coverage follows its path; nobody is made to leave."""
    return min(max((CATCH_UP * missing + leaving) / max(waiting, TINY), 0.0), FASTEST_START)


@fast
def services(work):
    """Work out at what rates people start OAT, high needle coverage, OAT in prison and ART."""
    n = work[PEOPLE : PEOPLE + NP * W]
    for i in range(W):
        first, stable = n[2 * W + i] + n[3 * W + i], n[4 * W + i] + n[5 * W + i]
        left, out = n[6 * W + i] + n[7 * W + i], n[i] + n[W + i]
        low, high = n[i] + n[2 * W + i] + n[4 * W + i] + n[6 * W + i], n[W + i] + n[3 * W + i] + n[5 * W + i]
        high += n[7 * W + i]
        on, waiting, away = first + stable + n[9 * W + i], out + left + n[11 * W + i], work[INCARCERATION + i]
        wanted = work[L_OAT + i] * (on + waiting + n[8 * W + i])
        leaving = (work[OAT_DROP + i] + work[STOP + i] + away) * on
        work[OAT_START + i] = start_rate(wanted - on, leaving, waiting)
        leaving = (work[NSP_DROP + i] + work[STOP + i] + work[PAUSE + i] + away) * high
        work[NSP_START + i] = start_rate(work[L_NSP + i] * (low + high) - high, leaving, low)
        prison, treated = n[12 * W + i], n[13 * W + i]
        missing = work[L_PRISON_OAT + i] * (prison + treated) - treated
        work[PRISON_OAT_START + i] = start_rate(missing, work[RELEASE + i] * treated, prison)
    for i in range(W):
        chronic, art = work[STATES + 2 * W + i], work[STATES + 3 * W + i]
        leaving = (work[ART_DROP + i] + work[ART_DEATH + i]) * art
        planned = start_rate(work[L_ART + i] * (chronic + art) - art, leaving, chronic)
        work[ART_START + i] = planned
        tested = work[L_TEST + i] * work[START_AFTER_TEST + i]
        work[ART_START_TEST + i] = max(planned, min(tested, FASTEST_START))
        work[TREAT_CURE + i] = work[L_TREAT + i] * work[CURE + i]


@fast
def forces(work):
    """Work out the forces of infection, how often an overdose is fatal, and how far checking and supply protect."""
    for i in range(W):
        room = work[L_ROOM + i]
        apart = (1.0 - room * work[ROOM_SHARES + i]) / max(work[SHARING + i], TINY)
        inside = 1.0 / max(work[INSIDE + i], TINY)
        without_prep = 1.0 - work[L_PREP + i] * work[PREP_PROTECTS + i]
        work[HIV_FORCE + i] = work[HIV_RATE + i] * work[HIV_SUM + i] * apart * without_prep
        work[HCV_FORCE + i] = work[HCV_RATE + i] * work[HCV_SUM + i] * apart
        work[HIV_FORCE_PRISON + i] = work[HIV_RATE + i] * work[HIV_INSIDE + i] * inside
        work[HCV_FORCE_PRISON + i] = work[HCV_RATE + i] * work[HCV_INSIDE + i] * inside
        work[SAFER + i] = (1.0 - work[L_CHECK + i] * work[CHECKING_PROTECTS + i]) * (
            1.0 - work[L_SUPPLY + i] * work[SUPPLY_PROTECTS + i]
        )
    for i in range(W):
        used = work[NALOXONE_HIGHEST + i] * (1.0 - np.exp(-work[L_KITS + i] / work[KITS_SCALE + i]))
        used *= work[WITNESSED + i]
        fatal = work[FATALITY + i] + used * (work[FATALITY_NALOXONE + i] - work[FATALITY + i])
        work[FATAL + i] = fatal
        work[FATAL_ROOM + i] = fatal * (1.0 - work[L_ROOM + i] * work[ROOM_SAVES + i])


@fast
def hazards(work, positions):
    """Give each position its rates of overdose, of dying of it or of other causes, of infection and of starting ART."""
    for p in range(positions):
        given = work[OVERDOSE + p * W : OVERDOSE + 6 * NP * W + p * W]
        found = work[OVERDOSING + p * W : OVERDOSING + 5 * NP * W + p * W + W]
        injects, inside = p < 8 or p == 11, p >= 12
        fatal = work[FATAL_ROOM : FATAL_ROOM + W] if injects else work[FATAL : FATAL + W]
        safer = 1.0 if injects else 0.0
        hiv = work[HIV_FORCE_PRISON : HIV_FORCE_PRISON + W] if inside else work[HIV_FORCE : HIV_FORCE + W]
        hcv = work[HCV_FORCE_PRISON : HCV_FORCE_PRISON + W] if inside else work[HCV_FORCE : HCV_FORCE + W]
        art = work[ART_START : ART_START + W] if inside or p == 10 else work[ART_START_TEST : ART_START_TEST + W]
        for i in range(W):
            overdose = given[i] * (1.0 + safer * (work[SAFER + i] - 1.0))
            found[i] = overdose
            found[NP * W + i] = overdose * fatal[i]
            found[2 * NP * W + i] = overdose * fatal[i] + given[NP * W + i]
        for i in range(W):
            found[3 * NP * W + i] = given[3 * NP * W + i] * hiv[i]
            found[4 * NP * W + i] = given[5 * NP * W + i] * hcv[i]
            found[5 * NP * W + i] = art[i]


@fast
def move_in_community(y, slope, work):
    """Put into `slope` what movement between the 11 positions outside prison adds to each state per year."""
    far = NS * W
    for s in range(NS):
        here, there = y[s * W : s * W + 10 * far + W], slope[s * W : s * W + 10 * far + W]
        for i in range(W):
            start, high, drop, low = work[OAT_START + i], work[NSP_START + i], work[OAT_DROP + i], work[NSP_DROP + i]
            pause, relapse, stop = work[PAUSE + i], work[RELAPSE + i], work[STOP + i]
            y0, y1, y2, y3 = here[i], here[far + i], here[2 * far + i], here[3 * far + i]
            y4, y5, y6, y7 = here[4 * far + i], here[5 * far + i], here[6 * far + i], here[7 * far + i]
            y8, y9, back = here[8 * far + i], here[9 * far + i], work[FORMER_RELAPSE + i] * here[10 * far + i]
            leave = pause + stop
            stay, out = drop + leave, start + leave
            first, left = FOUR_WEEKS + stay, FOUR_WEEKS + out
            there[i] = FOUR_WEEKS * y6 + low * y1 + relapse * y8 + back - (out + high) * y0
            there[far + i] = FOUR_WEEKS * y7 + high * y0 - (out + low) * y1
            there[2 * far + i] = start * (y0 + y6) + low * y3 - (first + high) * y2
            there[3 * far + i] = start * (y1 + y7) + high * y2 - (first + low) * y3
            there[4 * far + i] = FOUR_WEEKS * y2 + low * y5 + relapse * y9 - (stay + high) * y4
            there[5 * far + i] = FOUR_WEEKS * y3 + high * y4 - (stay + low) * y5
            there[6 * far + i] = drop * (y2 + y4 + y9) + low * y7 - (left + high) * y6
            there[7 * far + i] = drop * (y3 + y5) + high * y6 - (left + low) * y7
            off, on = y0 + y1 + y6 + y7, y2 + y3 + y4 + y5
            there[8 * far + i] = pause * off - (relapse + stop) * y8
            there[9 * far + i] = pause * on - (relapse + stop + drop) * y9
            there[10 * far + i] = stop * (off + on + y8 + y9) - back


@fast
def move_through_prison(y, slope, work):
    """Add to `slope` what entry to prison, OAT in prison, release and the 4 weeks after it add to each state."""
    far = NS * W
    for s in range(NS):
        here, there = y[s * W : s * W + 13 * far + W], slope[s * W : s * W + 13 * far + W]
        for i in range(W):
            jail, free, start = work[INCARCERATION + i], work[RELEASE + i], work[OAT_START + i]
            treated, link, inside = jail * work[L_PRISON_OAT + i], work[L_LINK + i], work[PRISON_OAT_START + i]
            y11, y12, y13 = here[11 * far + i], here[12 * far + i], here[13 * far + i]
            on, off = 0.0, y11
            for p in (0, 1, 6, 7, 8):
                off += here[p * far + i]
                there[p * far + i] -= jail * here[p * far + i]
            for p in (2, 3, 4, 5, 9):
                on += here[p * far + i]
                there[p * far + i] -= jail * here[p * far + i]
            there[i] += FOUR_WEEKS * y11
            there[2 * far + i] += start * y11 + link * free * y13
            there[10 * far + i] += work[STOP + i] * y11
            gone = FOUR_WEEKS + start + jail + work[STOP + i]
            there[11 * far + i] = free * (y12 + (1.0 - link) * y13) - gone * y11
            there[12 * far + i] = jail * off + (jail - treated) * on - (free + inside) * y12
            there[13 * far + i] = treated * on + inside * y12 - free * y13


@fast
def infect_and_die(y, slope, work, positions):
    """Add to `slope` infection, progression, treatment and death.

    Deaths from liver disease fall on the HIV states of a position in proportion to their people, and deaths from HIV on
    the HCV states: the one approximation in keeping HIV and HCV of a position apart instead of all their pairs.
    """
    for p in range(positions):
        here, there = y[p * NS * W : (p + 1) * NS * W], slope[p * NS * W : (p + 1) * NS * W]
        at = work[DYING + p * W : DYING + p * W + 3 * NP * W + W]
        for i in range(W):
            y0, y1, y2, y3 = here[i], here[W + i], here[2 * W + i], here[3 * W + i]
            z0, z1, z2, z3, z4 = (
                here[4 * W + i], here[5 * W + i], here[6 * W + i], here[7 * W + i], here[8 * W + i],
            )  # fmt: skip
            die, hiv, hcv, art = at[i], at[NP * W + i], at[2 * NP * W + i], at[3 * NP * W + i]
            # Inner stages of a step can be below 0 where a position empties: shares stay shares all the same.
            people = y0 + y1 + y2 + y3
            one = people / (people * people + TINY * TINY)
            end, drop = work[HIV_ACUTE_END + i] * y1, work[ART_DROP + i] * y3
            hiv_deaths, art_deaths = work[HIV_DEATH + i] * y2, work[ART_DEATH + i] * y3
            liver_deaths = work[F4_DEATH + i] * z3
            of_hiv = die + work[F4_DEATH + i] * min(max(z3 * one, 0.0), 1.0)
            of_hcv = die + work[HIV_DEATH + i] * min(max(y2 * one, 0.0), 1.0)
            of_hcv += work[ART_DEATH + i] * min(max(y3 * one, 0.0), 1.0)
            there[i] -= (hiv + of_hiv) * y0
            there[W + i] += hiv * y0 - end - of_hiv * y1
            there[2 * W + i] += end + drop - art * y2 - hiv_deaths - of_hiv * y2
            there[3 * W + i] += art * y2 - drop - art_deaths - of_hiv * y3
            again, over, cure = hcv * work[REINFECTION + i] * z4, work[HCV_ACUTE_END + i] * z1, work[TREAT_CURE + i]
            clear, worse = over * work[CLEARANCE + i], work[PROGRESSION + i] * z2
            there[4 * W + i] -= (hcv + of_hcv) * z0
            there[5 * W + i] += hcv * z0 + again - over - of_hcv * z1
            there[6 * W + i] += over - clear - worse - (cure + of_hcv) * z2
            there[7 * W + i] += worse - liver_deaths - (cure + of_hcv) * z3
            there[8 * W + i] += clear + cure * (z2 + z3) - again - of_hcv * z4
