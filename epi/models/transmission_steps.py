"""Steps through the years of the transmission model, counting events and person-years as states of the solver.

Import it inside a function: see `epi.models.transmission_equations`.
"""

import numpy as np

from epi.models import transmission_equations as kernel
from epi.models.transmission_equations import LANES, NC, NH, NK, NP, fast

UNDISCOUNTED, AT_COST_RATE, AT_EFFECT_RATE = range(3)
STOCK_ROWS = 10


@fast
def hazards(rates, levels, now, hazard, positions, lanes):
    """Give each position its rate of death from overdose and from causes other than overdose, HIV and liver disease."""
    for p in range(positions):
        room = p < 8 or p == 11
        for lane in range(lanes):
            safer = 1.0
            if room:
                safer = (1.0 - levels[kernel.L_CHECK, lane] * rates[kernel.CHECKING_PROTECTS, lane]) * (
                    1.0 - levels[kernel.L_SUPPLY, lane] * rates[kernel.SUPPLY_PROTECTS, lane]
                )
            overdose = rates[kernel.OVERDOSE + p, lane] * safer
            fatal = now[kernel.FATAL_ROOM, lane] if room else now[kernel.FATAL, lane]
            hazard[NP + p, lane] = overdose
            hazard[2 * NP + p, lane] = overdose * fatal
            hazard[p, lane] = overdose * fatal + rates[kernel.OTHER_DEATH + p, lane]


@fast
def count_people(by_hiv, by_hcv, tally, positions, lanes):
    """Put the people in each position, HIV state and HCV state into the last rows of `tally`."""
    tally[NK:, :] = 0.0
    for p in range(positions):
        for h in range(NH):
            for lane in range(lanes):
                tally[NK + p, lane] += by_hiv[p * NH + h, lane]
                tally[NK + NP + h, lane] += by_hiv[p * NH + h, lane]
        for c in range(NC):
            for lane in range(lanes):
                tally[NK + NP + NH + c, lane] += by_hcv[p * NC + c, lane]


@fast
def count_events(rates, levels, by_hiv, by_hcv, now, hazard, tally, positions, lanes):
    """Put the events per year of the whole population into the first rows of `tally`, in the order of `COUNTERS`."""
    tally[:NK, :] = 0.0
    for p in range(positions):
        inject = p < 8 or p == 11
        inside = p >= 12
        for lane in range(lanes):
            people = tally[NK + p, lane]
            room = levels[kernel.L_ROOM, lane] if inject else 0.0
            overdoses = hazard[NP + p, lane] * people
            force = now[kernel.HIV_FORCE_PRISON, lane] if inside else now[kernel.HIV_FORCE, lane]
            hcv_force = now[kernel.HCV_FORCE_PRISON, lane] if inside else now[kernel.HCV_FORCE, lane]
            hcv_force *= rates[kernel.HCV_RISK + p, lane]
            again = hcv_force * rates[kernel.REINFECTION, lane] * by_hcv[p * NC + 4, lane]
            tally[0, lane] += overdoses
            tally[1, lane] += hazard[2 * NP + p, lane] * people
            tally[2, lane] += rates[kernel.OTHER_DEATH + p, lane] * people
            tally[5, lane] += rates[kernel.HIV_RISK + p, lane] * force * by_hiv[p * NH, lane]
            tally[6, lane] += hcv_force * by_hcv[p * NC, lane] + again
            tally[7, lane] += again
            tally[9, lane] += overdoses * (1.0 - room * rates[kernel.ROOM_ATTENDED, lane])
            tally[10, lane] += (
                rates[kernel.INJURY + p, lane] * people * (1.0 - room * rates[kernel.ROOM_INJURES, lane])
            )
            if p < 10 or p == 11:
                tally[11, lane] += levels[kernel.L_KITS, lane] * people
                tally[15, lane] += levels[kernel.L_TEST, lane] * (people - by_hiv[p * NH + 3, lane])
            if inject:
                tally[12, lane] += room * people
                tally[13, lane] += levels[kernel.L_CHECK, lane] * people
                tally[14, lane] += levels[kernel.L_SUPPLY, lane] * people
                tally[16, lane] += levels[kernel.L_PREP, lane] * by_hiv[p * NH, lane]
            if p in (0, 1, 6, 7, 11):
                tally[17, lane] += now[kernel.OAT_START, lane] * people
            if p == 12:
                tally[17, lane] += now[kernel.PRISON_OAT_START, lane] * people
    hiv, hcv = NK + NP, NK + NP + NH
    for lane in range(lanes):
        tally[3, lane] = (
            rates[kernel.HIV_DEATH, lane] * tally[hiv + 2, lane] + rates[kernel.ART_DEATH, lane] * tally[hiv + 3, lane]
        )
        tally[4, lane] = rates[kernel.F4_DEATH, lane] * tally[hcv + 3, lane]
        tally[8, lane] = levels[kernel.L_TREAT, lane] * (tally[hcv + 2, lane] + tally[hcv + 3, lane])
        tally[9, lane] *= rates[kernel.ATTENDED, lane]
        tally[18, lane] = rates[kernel.RECRUITS, lane]


@fast
def take_stock(by_hiv, by_hcv, stocks, positions, lanes):
    """Put the people of this moment into `stocks`, in the order of `STOCKS`."""
    stocks[:, :] = 0.0
    for p in range(positions):
        for lane in range(lanes):
            negative, chronic, art = by_hiv[p * NH, lane], by_hiv[p * NH + 2, lane], by_hiv[p * NH + 3, lane]
            people = negative + by_hiv[p * NH + 1, lane] + chronic + art
            stocks[0, lane] += people
            stocks[6, lane] += chronic
            stocks[7, lane] += art
            if p < 10 or p == 11:
                stocks[1, lane] += people
                stocks[5, lane] += people - negative
                stocks[8, lane] += by_hcv[p * NC + 1, lane] + by_hcv[p * NC + 2, lane] + by_hcv[p * NC + 3, lane]
            if p < 8 or p == 11:
                stocks[2, lane] += people
            if 2 <= p < 6 or p == 9:
                stocks[3, lane] += people
            if p < 8 and p % 2 == 1:
                stocks[4, lane] += people
            if p >= 12:
                stocks[9, lane] += people


@fast
def slopes(time, y, slope, rates, levels, now, by_hiv, by_hcv, hazard, tally, positions, hiv_states, lanes):
    """Work out everything that one stage of a step needs except infection and death within each state."""
    kernel.levels_at(time, rates, levels, lanes)
    kernel.add_up(y, by_hiv, by_hcv, positions, hiv_states, lanes)
    kernel.services(rates, levels, by_hiv, now, positions, lanes)
    kernel.forces(rates, levels, by_hiv, by_hcv, now, positions, lanes)
    hazards(rates, levels, now, hazard, positions, lanes)
    count_people(by_hiv, by_hcv, tally, positions, lanes)
    count_events(rates, levels, by_hiv, by_hcv, now, hazard, tally, positions, lanes)
    cells = hiv_states * NC
    kernel.move_in_community(y, slope, rates, now, cells, lanes)
    if positions > 11:
        kernel.move_through_prison(y, slope, rates, levels, now, cells, lanes)
    for lane in range(lanes):
        slope[0, lane] += rates[kernel.RECRUITS, lane]
        now[kernel.TREAT_CURE, lane] = levels[kernel.L_TREAT, lane] * rates[kernel.CURE, lane]


@fast
def solve_block(rates, y, counted, stocks, years, steps, cost_force, effect_force, positions, hiv_states):
    """Solve one block of draws by the classical Runge-Kutta method of order 4.

    `rates` is rows x lanes, `y` states x lanes (overwritten), `counted` 3 x counters x years x lanes, `stocks`
    rows x (years + 1) x lanes; `steps` is the number of steps in a year, the two forces are log(1 + discount rate).
    """
    lanes = rates.shape[1]
    states = NP * kernel.CELLS
    slope, stage, stage_after, total = (
        np.zeros((states, lanes)), np.zeros((states, lanes)), np.zeros((states, lanes)), np.zeros((states, lanes)),
    )  # fmt: skip
    levels, now = np.zeros((kernel.LEVER_COUNT, lanes)), np.zeros((kernel.NOW_ROWS, lanes))
    by_hiv, by_hcv = np.zeros((NP * NH, lanes)), np.zeros((NP * NC, lanes))
    hazard, tally = np.zeros((3 * NP, lanes)), np.zeros((kernel.COUNTED, lanes))
    step = 1.0 / steps
    kernel.add_up(y, by_hiv, by_hcv, positions, hiv_states, lanes)
    take_stock(by_hiv, by_hcv, stocks[:, 0, :], positions, lanes)
    for year in range(years):
        for number in range(steps):
            for part in range(4):
                ahead = 0.0 if part == 0 else (step if part == 3 else 0.5 * step)
                weight = step / 6.0 if part in (0, 3) else step / 3.0
                following = step if part == 2 else 0.5 * step
                time = year + number * step + ahead
                here = y if part == 0 else stage
                slopes(time, here, slope, rates, levels, now, by_hiv, by_hcv, hazard, tally,
                       positions, hiv_states, lanes)  # fmt: skip
                base = y if part == 0 else total
                kernel.infect_and_die(here, slope, y, base, stage_after, total, weight, following, hazard, rates, now,
                                      positions, hiv_states, lanes)  # fmt: skip
                stage, stage_after = stage_after, stage
                cost_weight = weight * np.exp(-cost_force * time)
                effect_weight = weight * np.exp(-effect_force * time)
                for k in range(kernel.COUNTED):
                    for lane in range(lanes):
                        counted[UNDISCOUNTED, k, year, lane] += weight * tally[k, lane]
                        counted[AT_COST_RATE, k, year, lane] += cost_weight * tally[k, lane]
                        counted[AT_EFFECT_RATE, k, year, lane] += effect_weight * tally[k, lane]
            y, total = total, y
        kernel.add_up(y, by_hiv, by_hcv, positions, hiv_states, lanes)
        take_stock(by_hiv, by_hcv, stocks[:, year + 1, :], positions, lanes)


@fast
def solve(rates, y, counted, stocks, first, last, years, steps, cost_force, effect_force, positions, hiv_states):
    """Solve the draws from `first` to before `last`, block by block; arrays have draws as their last axis."""
    for start in range(first, last, LANES):
        stop = min(start + LANES, last)
        solve_block(
            rates[:, start:stop].copy(), y[:, start:stop].copy(), counted[:, :, :, start:stop],
            stocks[:, :, start:stop], years, steps, cost_force, effect_force, positions, hiv_states,
        )  # fmt: skip
