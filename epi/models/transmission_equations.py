"""The differential equations of the transmission model and their solver (Runge-Kutta of order 4), compiled by numba.

Import it inside a function: numba takes a second to load and the first call compiles.

Draws are solved side by side in small blocks, so that the inner loops over a block's draws (`lane`) use the processor's
vector instructions and everything stays in its nearest cache. A draw never sees another, so results do not depend on
blocks or threads. All counters are integrals over the same four stages, which makes them states of the solver.
"""

import numpy as np
from numba import njit

from epi.models import transmission_layout as layout

LANES = 16
FOUR_WEEKS = 365.25 / 28
# A missed target draws people in at this rate per year, and nobody waits less than two months on average.
CATCH_UP = 4.0
FASTEST_START = 6.0
TINY = 1e-12

NP, NH, NC = len(layout.POSITIONS), len(layout.HIV_STATES), len(layout.HCV_STATES)
NR, NB, NK = len(layout.RATES), len(layout.BY_POSITION), len(layout.COUNTERS)
CELLS = NH * NC
PERSON_YEARS = NK
COUNTED = NK + NP + NH + NC
(
    OAT_DROP, NSP_DROP, PAUSE, RELAPSE, STOP, FORMER_RELAPSE, INCARCERATION, RELEASE, RECRUITS, HIV_RATE, HIV_ACUTE_END,
    ACUTE_PASSES, ART_PASSES, START_AFTER_TEST, ART_DROP, HIV_DEATH, ART_DEATH, PREP_PROTECTS, HCV_RATE, HCV_ACUTE_END,
    CLEARANCE, REINFECTION, PROGRESSION, F4_DEATH, CURE, WITNESSED, NALOXONE_HIGHEST, KITS_SCALE, FATALITY,
    FATALITY_NALOXONE, ATTENDED, ROOM_SAVES, ROOM_ATTENDED, ROOM_SHARES, ROOM_INJURES, CHECKING_PROTECTS,
    SUPPLY_PROTECTS, SCALE_START, SCALE_YEARS,
) = range(NR)  # fmt: skip
OVERDOSE, OTHER_DEATH, INJURY, HIV_RISK, HIV_PASSES, HCV_RISK, HCV_PASSES = (NR + NP * i for i in range(NB))
TODAY = NR + NP * NB
(L_OAT, L_NSP, L_KITS, L_ROOM, L_CHECK, L_SUPPLY, L_TREAT, L_TEST, L_ART, L_PREP, L_PRISON_OAT, L_LINK) = range(12)
LEVER_COUNT = 12
ROWS = TODAY + 2 * LEVER_COUNT

# What one stage works out for the whole population of each draw (rows of the array `now`).
(
    OAT_START, NSP_START, PRISON_OAT_START, ART_START, ART_START_TEST, HIV_FORCE, HIV_FORCE_PRISON, HCV_FORCE,
    HCV_FORCE_PRISON, TREAT_CURE, RATE_HIV, FATAL, FATAL_ROOM, PEOPLE, SHARING,
) = range(15)  # fmt: skip
NOW_ROWS = 15

fast = njit(nogil=True, error_model="numpy", fastmath={"contract"})


@fast
def levels_at(time, rates, levels, lanes):
    """Put the levels of all services at a time into `levels`: a straight line from today's to the target."""
    for lever in range(LEVER_COUNT):
        for lane in range(lanes):
            since = time - rates[SCALE_START, lane]
            part = min(max(since / max(rates[SCALE_YEARS, lane], TINY), 0.0), 1.0)
            today = rates[TODAY + lever, lane]
            levels[lever, lane] = today + part * (rates[TODAY + LEVER_COUNT + lever, lane] - today)


@fast
def add_up(y, by_hiv, by_hcv, positions, hiv_states, lanes):
    """Sum the people of each position over HCV states (`by_hiv`) and over HIV states (`by_hcv`)."""
    for p in range(positions):
        c0 = p * NC
        for h in range(hiv_states):
            s = p * CELLS + h * NC
            if h == 0:
                for lane in range(lanes):
                    by_hcv[c0, lane] = y[s, lane]
                    by_hcv[c0 + 1, lane] = y[s + 1, lane]
                    by_hcv[c0 + 2, lane] = y[s + 2, lane]
                    by_hcv[c0 + 3, lane] = y[s + 3, lane]
                    by_hcv[c0 + 4, lane] = y[s + 4, lane]
            else:
                for lane in range(lanes):
                    by_hcv[c0, lane] += y[s, lane]
                    by_hcv[c0 + 1, lane] += y[s + 1, lane]
                    by_hcv[c0 + 2, lane] += y[s + 2, lane]
                    by_hcv[c0 + 3, lane] += y[s + 3, lane]
                    by_hcv[c0 + 4, lane] += y[s + 4, lane]
            for lane in range(lanes):
                by_hiv[p * NH + h, lane] = (
                    y[s, lane] + y[s + 1, lane] + y[s + 2, lane] + y[s + 3, lane] + y[s + 4, lane]
                )


@fast
def start_rate(wanted, on, leaving, waiting):
    """Give the rate at which those who wait start, so that coverage follows its path; never a forced exit."""
    need = CATCH_UP * (wanted - on) + leaving
    if waiting <= TINY:
        return 0.0
    return min(max(need / waiting, 0.0), FASTEST_START)


@fast
def services(rates, levels, by_hiv, now, positions, lanes):
    """Work out at what rates people start OAT, high needle coverage, OAT in prison and ART."""
    for lane in range(lanes):
        injecting, on_oat, waiting, high, low = 0.0, 0.0, 0.0, 0.0, 0.0
        paused_off, prison, prison_on, chronic, on_art = 0.0, 0.0, 0.0, 0.0, 0.0
        for p in range(positions):
            n = by_hiv[p * NH, lane] + by_hiv[p * NH + 1, lane] + by_hiv[p * NH + 2, lane] + by_hiv[p * NH + 3, lane]
            chronic += by_hiv[p * NH + 2, lane]
            on_art += by_hiv[p * NH + 3, lane]
            if p < 8:
                injecting += n
                if p % 2 == 1:
                    high += n
                else:
                    low += n
            if 2 <= p < 6 or p == 9:
                on_oat += n
            elif p < 8 or p == 11:
                waiting += n
            elif p == 8:
                paused_off = n
            elif p == 12:
                prison = n
            elif p == 13:
                prison_on = n
        wanted = levels[L_OAT, lane] * (on_oat + waiting + paused_off)
        leaving = (rates[OAT_DROP, lane] + rates[STOP, lane] + rates[INCARCERATION, lane]) * on_oat
        now[OAT_START, lane] = start_rate(wanted, on_oat, leaving, waiting)
        leaving = (rates[NSP_DROP, lane] + rates[STOP, lane] + rates[PAUSE, lane] + rates[INCARCERATION, lane]) * high
        now[NSP_START, lane] = start_rate(levels[L_NSP, lane] * injecting, high, leaving, low)
        wanted = levels[L_PRISON_OAT, lane] * (prison + prison_on)
        now[PRISON_OAT_START, lane] = start_rate(wanted, prison_on, rates[RELEASE, lane] * prison_on, prison)
        leaving = (rates[ART_DROP, lane] + rates[ART_DEATH, lane]) * on_art
        tested = levels[L_TEST, lane] * rates[START_AFTER_TEST, lane]
        planned = start_rate(levels[L_ART, lane] * (chronic + on_art), on_art, leaving, chronic)
        now[ART_START, lane] = planned
        now[ART_START_TEST, lane] = max(planned, min(tested, FASTEST_START))


@fast
def forces(rates, levels, by_hiv, by_hcv, now, positions, lanes):
    """Work out the forces of infection in the community and in prison, and how often an overdose is fatal."""
    for lane in range(lanes):
        sharing, hiv, hcv = 0.0, 0.0, 0.0
        inside, hiv_inside, hcv_inside = 0.0, 0.0, 0.0
        for p in range(positions):
            if p in (8, 9, 10):
                continue
            n = by_hiv[p * NH, lane] + by_hiv[p * NH + 1, lane] + by_hiv[p * NH + 2, lane] + by_hiv[p * NH + 3, lane]
            passes = rates[HIV_PASSES + p, lane] * (
                rates[ACUTE_PASSES, lane] * by_hiv[p * NH + 1, lane]
                + by_hiv[p * NH + 2, lane]
                + rates[ART_PASSES, lane] * by_hiv[p * NH + 3, lane]
            )
            viraemic = rates[HCV_PASSES + p, lane] * (
                by_hcv[p * NC + 1, lane] + by_hcv[p * NC + 2, lane] + by_hcv[p * NC + 3, lane]
            )
            if p < 12:
                sharing += n
                hiv += passes
                hcv += viraemic
            else:
                inside += n
                hiv_inside += passes
                hcv_inside += viraemic
        room = levels[L_ROOM, lane]
        apart = 1.0 - room * rates[ROOM_SHARES, lane]
        without_prep = 1.0 - levels[L_PREP, lane] * rates[PREP_PROTECTS, lane]
        outside, within = 1.0 / max(sharing, TINY), 1.0 / max(inside, TINY)
        now[SHARING, lane] = sharing
        now[HIV_FORCE, lane] = rates[HIV_RATE, lane] * hiv * outside * apart * without_prep
        now[HCV_FORCE, lane] = rates[HCV_RATE, lane] * hcv * outside * apart
        now[HIV_FORCE_PRISON, lane] = rates[HIV_RATE, lane] * hiv_inside * within
        now[HCV_FORCE_PRISON, lane] = rates[HCV_RATE, lane] * hcv_inside * within
        used = rates[NALOXONE_HIGHEST, lane] * (1.0 - np.exp(-levels[L_KITS, lane] / rates[KITS_SCALE, lane]))
        used *= rates[WITNESSED, lane]
        fatal = rates[FATALITY, lane] + used * (rates[FATALITY_NALOXONE, lane] - rates[FATALITY, lane])
        now[FATAL, lane] = fatal
        now[FATAL_ROOM, lane] = fatal * (1.0 - room * rates[ROOM_SAVES, lane])


@fast
def move_in_community(y, slope, rates, now, cells, lanes):
    """Put into `slope` what movement between the 11 positions outside prison adds to each state per year."""
    for s in range(cells):
        for lane in range(lanes):
            start, high = now[OAT_START, lane], now[NSP_START, lane]
            drop, low, pause = rates[OAT_DROP, lane], rates[NSP_DROP, lane], rates[PAUSE, lane]
            relapse, stop = rates[RELAPSE, lane], rates[STOP, lane]
            y0, y1, y2, y3 = y[s, lane], y[CELLS + s, lane], y[2 * CELLS + s, lane], y[3 * CELLS + s, lane]
            y4, y5 = y[4 * CELLS + s, lane], y[5 * CELLS + s, lane]
            y6, y7 = y[6 * CELLS + s, lane], y[7 * CELLS + s, lane]
            y8, y9, y10 = y[8 * CELLS + s, lane], y[9 * CELLS + s, lane], y[10 * CELLS + s, lane]
            leave = pause + stop
            out = start + leave
            first = FOUR_WEEKS + drop + leave
            stay = drop + leave
            left = FOUR_WEEKS + start + leave
            back = rates[FORMER_RELAPSE, lane] * y10
            slope[s, lane] = FOUR_WEEKS * y6 + low * y1 + relapse * y8 + back - (out + high) * y0
            slope[CELLS + s, lane] = FOUR_WEEKS * y7 + high * y0 - (out + low) * y1
            slope[2 * CELLS + s, lane] = start * (y0 + y6) + low * y3 - (first + high) * y2
            slope[3 * CELLS + s, lane] = start * (y1 + y7) + high * y2 - (first + low) * y3
            slope[4 * CELLS + s, lane] = FOUR_WEEKS * y2 + low * y5 + relapse * y9 - (stay + high) * y4
            slope[5 * CELLS + s, lane] = FOUR_WEEKS * y3 + high * y4 - (stay + low) * y5
            slope[6 * CELLS + s, lane] = drop * (y2 + y4 + y9) + low * y7 - (left + high) * y6
            slope[7 * CELLS + s, lane] = drop * (y3 + y5) + high * y6 - (left + low) * y7
            off, on = y0 + y1 + y6 + y7, y2 + y3 + y4 + y5
            slope[8 * CELLS + s, lane] = pause * off - (relapse + stop) * y8
            slope[9 * CELLS + s, lane] = pause * on - (relapse + stop + drop) * y9
            slope[10 * CELLS + s, lane] = stop * (off + on + y8 + y9) - back


@fast
def move_through_prison(y, slope, rates, levels, now, cells, lanes):
    """Add to `slope` what entry to prison, OAT in prison, release and the 4 weeks after it add to each state."""
    for s in range(cells):
        for lane in range(lanes):
            jail, free, start = rates[INCARCERATION, lane], rates[RELEASE, lane], now[OAT_START, lane]
            treated, link = jail * levels[L_PRISON_OAT, lane], levels[L_LINK, lane]
            y11, y12, y13 = y[11 * CELLS + s, lane], y[12 * CELLS + s, lane], y[13 * CELLS + s, lane]
            on, off = 0.0, y11
            for p in range(10):
                n = y[p * CELLS + s, lane]
                slope[p * CELLS + s, lane] -= jail * n
                if 2 <= p < 6 or p == 9:
                    on += n
                else:
                    off += n
            inside_start = now[PRISON_OAT_START, lane]
            slope[s, lane] += FOUR_WEEKS * y11
            slope[2 * CELLS + s, lane] += start * y11 + link * free * y13
            slope[11 * CELLS + s, lane] = free * (y12 + (1.0 - link) * y13) - (FOUR_WEEKS + start + jail) * y11
            slope[12 * CELLS + s, lane] = jail * off + (jail - treated) * on - (free + inside_start) * y12
            slope[13 * CELLS + s, lane] = treated * on + inside_start * y12 - free * y13


@fast
def infect_and_die(y, slope, start, base, following, total, weight, ahead, hazard, rates, now, positions, hiv_states,
                   lanes):  # fmt: skip
    """Finish `slope` with infection, progression, treatment and death, and take the stage of the Runge-Kutta step.

    `total` becomes `base` + `weight` x slope, `following` (where the next stage looks) `start` + `ahead` x slope.
    """
    for p in range(positions):
        force = HCV_FORCE_PRISON if p >= 12 else HCV_FORCE
        force_hiv = HIV_FORCE_PRISON if p >= 12 else HIV_FORCE
        art = ART_START if p == 10 or p >= 12 else ART_START_TEST
        for h in range(hiv_states):
            s = p * CELLS + h * NC
            before, after = max(h - 1, 0) * NC + p * CELLS, min(h + 1, hiv_states - 1) * NC + p * CELLS
            for lane in range(lanes):
                if h == 0:
                    come, go, back = 0.0, rates[HIV_RISK + p, lane] * now[force_hiv, lane], 0.0
                elif h == 1:
                    come, go, back = rates[HIV_RISK + p, lane] * now[force_hiv, lane], rates[HIV_ACUTE_END, lane], 0.0
                elif h == 2:
                    come, back = rates[HIV_ACUTE_END, lane], rates[ART_DROP, lane]
                    go = now[art, lane] + rates[HIV_DEATH, lane]
                else:
                    come, go, back = now[art, lane], rates[ART_DROP, lane] + rates[ART_DEATH, lane], 0.0
                risk = rates[HCV_RISK + p, lane] * now[force, lane]
                again = risk * rates[REINFECTION, lane]
                end, cure, worse = rates[HCV_ACUTE_END, lane], now[TREAT_CURE, lane], rates[PROGRESSION, lane]
                die = go + hazard[p, lane]
                y0, y1, y2, y3, y4 = y[s, lane], y[s + 1, lane], y[s + 2, lane], y[s + 3, lane], y[s + 4, lane]
                clear = end * rates[CLEARANCE, lane] * y1
                d0 = slope[s, lane] + come * y[before, lane] + back * y[after, lane] - (die + risk) * y0
                d1 = slope[s + 1, lane] + come * y[before + 1, lane] + back * y[after + 1, lane] + risk * y0
                d1 += again * y4 - (die + end) * y1
                d2 = slope[s + 2, lane] + come * y[before + 2, lane] + back * y[after + 2, lane] + end * y1 - clear
                d2 -= (die + cure + worse) * y2
                d3 = slope[s + 3, lane] + come * y[before + 3, lane] + back * y[after + 3, lane] + worse * y2
                d3 -= (die + cure + rates[F4_DEATH, lane]) * y3
                d4 = slope[s + 4, lane] + come * y[before + 4, lane] + back * y[after + 4, lane] + clear
                d4 += cure * (y2 + y3) - (die + again) * y4
                total[s, lane] = base[s, lane] + weight * d0
                total[s + 1, lane] = base[s + 1, lane] + weight * d1
                total[s + 2, lane] = base[s + 2, lane] + weight * d2
                total[s + 3, lane] = base[s + 3, lane] + weight * d3
                total[s + 4, lane] = base[s + 4, lane] + weight * d4
                following[s, lane] = start[s, lane] + ahead * d0
                following[s + 1, lane] = start[s + 1, lane] + ahead * d1
                following[s + 2, lane] = start[s + 2, lane] + ahead * d2
                following[s + 3, lane] = start[s + 3, lane] + ahead * d3
                following[s + 4, lane] = start[s + 4, lane] + ahead * d4
