"""Steps through the years of the transmission model, counting events and person-years as states of the solver.

Import it inside a function: see `epi.models.transmission_kernel`.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"

import functools
import hashlib
import inspect
import sys

import numpy as np
from numba import njit

from epi.models import transmission_kernel as k
from epi.models import transmission_layout as layout
from epi.models.transmission_kernel import COUNTED, NK, NP, NS, W, fast

LANES = W
STOCK_ROWS = 10


@fast
def count(y, work, tally, positions):
    """Put events and people-time per year into `tally`: the rows of `COUNTERS`, positions, HIV and HCV states."""
    tally[NK * W : (NK + NP) * W] = work[k.PEOPLE : k.PEOPLE + NP * W]
    tally[(NK + NP) * W :] = work[k.STATES : k.STATES + NS * W]
    people, rate = work[k.PEOPLE : k.PEOPLE + NP * W], work[k.OVERDOSING : k.OVERDOSING + 5 * NP * W]
    other, far = work[k.OTHER_DEATH : k.OTHER_DEATH + 2 * NP * W], NS * W
    for i in range(W):
        overdoses, dead, other_dead = 0.0, 0.0, 0.0
        for p in range(8):
            overdoses += rate[p * W + i] * people[p * W + i]
        tally[9 * W + i] = overdoses
        for p in range(8, k.COMMUNITY):
            overdoses += rate[p * W + i] * people[p * W + i]
        for p in range(k.COMMUNITY):
            dead += rate[(NP + p) * W + i] * people[p * W + i]
            other_dead += other[p * W + i] * people[p * W + i]
        tally[i], tally[W + i], tally[2 * W + i] = overdoses, dead, other_dead
    for i in range(W):
        injuries, negative = 0.0, 0.0
        for p in range(8):
            injuries += other[(NP + p) * W + i] * people[p * W + i]
            negative += y[p * far + i]
        tally[10 * W + i], tally[12 * W + i], tally[16 * W + i] = injuries, injuries, negative
    for i in range(W):
        hiv, hcv, again = 0.0, 0.0, 0.0
        for p in range(8):
            hiv += rate[(3 * NP + p) * W + i] * y[p * far + i]
            hcv += rate[(4 * NP + p) * W + i] * y[p * far + 4 * W + i]
            again += rate[(4 * NP + p) * W + i] * y[p * far + 8 * W + i]
        tally[5 * W + i], tally[6 * W + i], tally[7 * W + i] = hiv, hcv, again
    if positions > k.COMMUNITY:
        count_prison(y, tally, people, rate, other)
    finish_count(work, tally, people, y[NS * W * 10 :])


@fast
def count_prison(y, tally, people, rate, other):
    """Add the events of people in prison and just released to those of the others."""
    for p in range(k.COMMUNITY, NP):
        here = y[p * NS * W : (p + 1) * NS * W]
        released = 1.0 if p == k.COMMUNITY else 0.0
        for i in range(W):
            overdoses, at = rate[p * W + i] * people[p * W + i], p * W + i
            injuries = other[NP * W + at] * people[at]
            tally[i] += overdoses
            tally[W + i] += rate[NP * W + at] * people[at]
            tally[2 * W + i] += other[at] * people[at]
            tally[5 * W + i] += rate[3 * NP * W + at] * here[i]
            tally[6 * W + i] += rate[4 * NP * W + at] * here[4 * W + i]
            tally[7 * W + i] += rate[4 * NP * W + at] * here[8 * W + i]
            tally[9 * W + i] += released * overdoses
            tally[10 * W + i] += injuries
            tally[12 * W + i] += released * injuries
            tally[16 * W + i] += released * here[i]


@fast
def finish_count(work, tally, people, outside):
    """Turn the sums over positions into events: what services reach, and what they spare."""
    states = tally[(NK + NP) * W :]
    for i in range(W):
        room, sharing = work[k.L_ROOM + i], work[k.SHARING + i]
        tally[3 * W + i] = work[k.HIV_DEATH + i] * states[2 * W + i] + work[k.ART_DEATH + i] * states[3 * W + i]
        tally[4 * W + i] = work[k.F4_DEATH + i] * states[7 * W + i]
        tally[7 * W + i] *= work[k.REINFECTION + i]
        tally[6 * W + i] += tally[7 * W + i]
        tally[8 * W + i] = work[k.L_TREAT + i] * (states[6 * W + i] + states[7 * W + i])
        spared = room * work[k.ROOM_ATTENDED + i] * tally[9 * W + i]
        tally[9 * W + i] = work[k.ATTENDED + i] * (tally[i] - spared)
        tally[10 * W + i] -= room * work[k.ROOM_INJURES + i] * tally[12 * W + i]
        reached = sharing + people[8 * W + i] + people[9 * W + i]
        on_art = outside[3 * W + i] + outside[2 * NS * W + 3 * W + i] + outside[3 * NS * W + 3 * W + i]
        tally[11 * W + i] = work[k.L_KITS + i] * reached
        tally[12 * W + i] = room * sharing
        tally[13 * W + i] = work[k.L_CHECK + i] * sharing
        tally[14 * W + i] = work[k.L_SUPPLY + i] * sharing
        tally[15 * W + i] = work[k.L_TEST + i] * (reached - states[3 * W + i] + on_art)
        tally[16 * W + i] *= work[k.L_PREP + i]
        waiting = people[i] + people[W + i] + people[6 * W + i] + people[7 * W + i] + people[11 * W + i]
        tally[17 * W + i] = work[k.OAT_START + i] * waiting + work[k.PRISON_OAT_START + i] * people[12 * W + i]
        tally[18 * W + i] = work[k.RECRUITS + i]


@fast
def take_stock(y, stocks, positions):
    """Put the people of this moment into `stocks` (rows x lanes), in the order of `STOCKS`."""
    for p in range(positions):
        here = y[p * NS * W : (p + 1) * NS * W]
        for i in range(W):
            negative, chronic, art = here[i], here[2 * W + i], here[3 * W + i]
            people = negative + here[W + i] + chronic + art
            stocks[0, i] += people
            stocks[6, i] += chronic
            stocks[7, i] += art
            if p < 10 or p == 11:
                stocks[1, i] += people
                stocks[5, i] += people - negative
                stocks[8, i] += here[5 * W + i] + here[6 * W + i] + here[7 * W + i]
            if p < 8 or p == 11:
                stocks[2, i] += people
            if 2 <= p < 6 or p == 9:
                stocks[3, i] += people
            if p < 8 and p % 2 == 1:
                stocks[4, i] += people
            if p >= 12:
                stocks[9, i] += people


@fast
def slopes(time, y, slope, work, tally, positions):
    """Put the change of every state per year into `slope`, and the events per year into `tally`."""
    k.levels_at(time, work)
    k.add_up(y, work, positions)
    k.services(work)
    k.forces(work)
    k.hazards(work, positions)
    count(y, work, tally, positions)
    k.move_in_community(y, slope, work)
    if positions > 11:
        k.move_through_prison(y, slope, work)
    for i in range(W):
        slope[i] += work[k.RECRUITS + i]
        slope[4 * W + i] += work[k.RECRUITS + i]
    k.infect_and_die(y, slope, work, positions)


@fast
def advance(start, slope, following, total, ahead, weight, size):
    """Take one stage of a Runge-Kutta step: where the next stage looks, and the weighted sum of the slopes."""
    if ahead == 0.0:
        for j in range(size):
            total[j] += weight * slope[j]
        return
    for j in range(size):
        following[j] = start[j] + ahead * slope[j]
        total[j] += weight * slope[j]


@fast
def tally_up(tally, counted, weight, cost_weight, effect_weight):
    """Add one stage's share of the year: undiscounted, discounted as costs, discounted as effects."""
    plain, cost, effect = counted[: COUNTED * W], counted[COUNTED * W : 2 * COUNTED * W], counted[2 * COUNTED * W :]
    for j in range(COUNTED * W):
        plain[j] += weight * tally[j]
        cost[j] += cost_weight * tally[j]
        effect[j] += effect_weight * tally[j]


@fast
def solve_block(work, y, counted, stocks, years, steps, cost_force, effect_force, positions):
    """Solve one block of draws by the classical Runge-Kutta method of order 4.

    `work` has the rates in its first rows, `y` the states (overwritten). `counted` is years x (3 x counters x W),
    `stocks` (years + 1) x rows x W. The forces of discount are log(1 + rate); `steps` is the steps in a year.
    """
    size = positions * NS * W
    slope, stage, total, tally = np.zeros_like(y), np.zeros_like(y), y.copy(), np.zeros(COUNTED * W)
    step = 1.0 / steps
    take_stock(y, stocks[0], positions)
    for year in range(years):
        for number in range(steps):
            total[:size] = y[:size]
            for part in range(4):
                time = year + (number + (0.0, 0.5, 0.5, 1.0)[part]) * step
                weight = (1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0)[part] * step
                ahead = (0.5, 0.5, 1.0, 0.0)[part] * step
                slopes(time, y if part == 0 else stage, slope, work, tally, positions)
                advance(y, slope, stage, total, ahead, weight, size)
                cost_weight, effect_weight = weight * np.exp(-cost_force * time), weight * np.exp(-effect_force * time)
                tally_up(tally, counted[year], weight, cost_weight, effect_weight)
            y, total = total, y
        take_stock(y, stocks[year + 1], positions)


@fast
def solve(rates, states, counted, stocks, first, last, years, steps, cost_force, effect_force, positions):
    """Solve the draws from `first` to before `last`, W at a time; every array has the draws as its last axis.

    `rates` is rows x draws, `states` (positions x 9) x draws, `counted` years x (3 x counters) x draws, `stocks`
    (years + 1) x rows x draws.
    """
    work, y = np.zeros(k.WORK_ROWS * W), np.zeros(NP * NS * W)
    counts, people = np.zeros((years, 3 * COUNTED * W)), np.zeros((years + 1, STOCK_ROWS, W))
    for start in range(first, last, W):
        lanes = min(W, last - start)
        for i in range(W):
            # The last block is filled up with copies of its last draw, which nobody reads.
            draw = start + min(i, lanes - 1)
            for r in range(k.RATE_ROWS):
                work[r * W + i] = rates[r, draw]
            for r in range(NP * NS):
                y[r * W + i] = states[r, draw]
        counts[:] = 0.0
        people[:] = 0.0
        solve_block(work, y, counts, people, years, steps, cost_force, effect_force, positions)
        for year in range(years + 1):
            for r in range(STOCK_ROWS):
                for i in range(lanes):
                    stocks[year, r, start + i] = people[year, r, i]
            if year < years:
                for r in range(3 * COUNTED):
                    for i in range(lanes):
                        counted[year, r, start + i] = counts[year, r * W + i]


@functools.cache
def compiled():
    """Give `solve` in a form that is compiled once per machine and again whenever these equations change.

    numba keeps compiled code beside the source, or in the user's cache folder where that is read only. By itself it
    notices a change in the file of the function alone, not in those it calls; but it also looks at what a function
    closes over: here the text of all the modules that the equations stand in.
    """
    text = "".join(inspect.getsource(module) for module in (layout, k, sys.modules[__name__]))
    version = hashlib.sha256(text.encode()).hexdigest()

    def solve_all(rates, states, counted, stocks, first, last, years, steps, cost_force, effect_force, positions):
        if len(version) > 0:
            solve(rates, states, counted, stocks, first, last, years, steps, cost_force, effect_force, positions)

    try:
        return njit(solve_all, nogil=True, cache=True)
    except RuntimeError:  # no folder that can be written to
        return solve
