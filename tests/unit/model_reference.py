"""The transmission model written a second time: all 280 pairs of states, one list of moves, solved by scipy's LSODA.

Slow, and on purpose without a line of `epi.models.transmission_kernel`: positions are names, moves are tuples.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

WEEKS = 365.25 / 28
NAMES = ("injecting", "injecting_nsp", "oat_first_weeks", "oat_first_weeks_nsp", "oat", "oat_nsp", "oat_left",
         "oat_left_nsp", "paused", "paused_oat", "former", "released", "prison", "prison_oat")  # fmt: skip
AT = {name: index for index, name in enumerate(NAMES)}
ON = ("oat_first_weeks", "oat_first_weeks_nsp", "oat", "oat_nsp", "paused_oat")
OFF = ("injecting", "injecting_nsp", "oat_left", "oat_left_nsp")
INJECT = (*NAMES[:8], "released")
SHAPE = (14, 4, 5)


def level(v: dict[str, float], name: str, time: float) -> float:
    """Give the level of a service at a time."""
    part = min(max((time - v["scale_up_start_year"]) / max(v["scale_up_years"], 1e-12), 0), 1)
    return v[name] + part * (v[f"{name}_target"] - v[name])


def started(missing: float, leaving: float, waiting: float) -> float:
    """Give the rate of starting a service."""
    return min(max((4 * missing + leaving) / max(waiting, 1e-12), 0), 6)


def moves(v: dict[str, float], n: dict[str, float], now: Callable[[str], float]) -> list[tuple[str, str, float]]:
    """Give every move between positions: from, to, rate."""
    drop, stop, pause, jail = (
        v["oat_discontinuation_rate"], 1 / v["injecting_duration_years"], v["temporary_cessation_rate"],
        v["incarceration_rate"],
    )  # fmt: skip
    free, low = 1 / v["prison_stay_years"], v["nsp_discontinuation_rate"]
    on, waiting = sum(n[p] for p in ON), sum(n[p] for p in (*OFF, "released"))
    high = sum(n[p] for p in NAMES[:8] if p.endswith("_nsp"))
    lower = sum(n[p] for p in NAMES[:8] if not p.endswith("_nsp"))
    start = started(now("oat_coverage") * (on + waiting + n["paused"]) - on, (drop + stop + jail) * on, waiting)
    nsp = started(now("nsp_coverage") * (high + lower) - high, (low + stop + pause + jail) * high, lower)
    inside = now("prison_oat_coverage") * (n["prison"] + n["prison_oat"]) - n["prison_oat"]
    found = [("prison", "prison_oat", started(inside, free * n["prison_oat"], n["prison"]))]
    for end in ("", "_nsp"):
        found += [(f"{p}{end}", f"oat_first_weeks{end}", start) for p in ("injecting", "oat_left")]
        found += [(f"oat_first_weeks{end}", f"oat{end}", WEEKS), (f"oat_left{end}", f"injecting{end}", WEEKS)]
        found += [(f"{p}{end}", f"oat_left{end}", drop) for p in ("oat_first_weeks", "oat")]
    for p in ("injecting", "oat_first_weeks", "oat", "oat_left"):
        found += [(p, f"{p}_nsp", nsp), (f"{p}_nsp", p, low)]
    found += [(p, "paused", pause) for p in OFF] + [(p, "paused_oat", pause) for p in ON[:4]]
    found += [("paused", "injecting", v["relapse_rate"]), ("paused_oat", "oat", v["relapse_rate"])]
    found += [("paused_oat", "oat_left", drop), ("former", "injecting", v["former_relapse_rate"])]
    found += [(p, "former", stop) for p in NAMES[:12] if p != "former"]
    treated = now("prison_oat_coverage")
    found += [(p, "prison", jail) for p in (*OFF, "paused", "released")]
    for p in ON:
        found += [(p, "prison_oat", jail * treated), (p, "prison", jail * (1 - treated))]
    link = now("release_oat_link")
    found += [("prison", "released", free), ("prison_oat", "released", free * (1 - link))]
    found += [("prison_oat", "oat_first_weeks", free * link), ("released", "injecting", WEEKS)]
    return [*found, ("released", "oat_first_weeks", start)]


def slopes(time: float, flat: np.ndarray, v: dict[str, float], by: dict[str, np.ndarray]) -> np.ndarray:
    """Give the change of every state and of the counts: overdoses, their deaths, HIV and HCV infections, QALYs."""

    def now(name: str) -> float:
        return level(v, name, time)

    y = flat[: 14 * 20].reshape(SHAPE)
    n = dict(zip(NAMES, y.sum((1, 2)), strict=True))
    d = np.zeros(SHAPE)
    d[AT["injecting"], 0, 0] += v["recruitment_rate"] * v["people_who_inject_drugs"]
    for origin, goal, rate in moves(v, n, now):
        d[AT[origin]] -= rate * y[AT[origin]]
        d[AT[goal]] += rate * y[AT[origin]]
    room = now("consumption_room_reach")
    used = v["overdose_witnessed"] * v["naloxone_use_highest"]
    used *= 1 - np.exp(-now("naloxone_kits") / v["naloxone_kits_scale"])
    fatal = v["overdose_fatality"] + used * (v["naloxone_fatality"] - v["overdose_fatality"])
    chronic, art = y[:, 2].sum(), y[:, 3].sum()
    plan = started(now("art_coverage") * (chronic + art) - art,
                   (v["art_discontinuation_rate"] + v["art_mortality_rate"]) * art, chronic)  # fmt: skip
    overdoses = deaths = hiv_new = hcv_new = 0.0
    for p, name in enumerate(NAMES):
        group = [i for i, other in enumerate(NAMES) if (other in INJECT) == (name in INJECT) and other in (
            INJECT if name in INJECT else ("prison", "prison_oat") if "prison" in name else ())]  # fmt: skip
        hiv = hcv = 0.0
        if group:
            people = max(y[group].sum(), 1e-12)
            infectious = (
                v["hiv_acute_infectiousness"] * y[group, 1] + y[group, 2] + v["art_transmission_rr"] * y[group, 3]
            )
            shared = 1 - room * (1 - v["consumption_room_sharing_rr"]) if name in INJECT else 1
            prep = 1 - now("prep_coverage") * (1 - v["prep_hiv_rr"]) if name in INJECT else 1
            hiv = by["hiv"][p] * v["hiv_transmission_rate"] * infectious.sum() / people * shared * prep
            hcv = by["hcv"][p] * v["hcv_transmission_rate"] * y[group][:, :, 1:4].sum() / people * shared
        rate = v["overdose_rate"] * by["overdose"][p]
        kills = rate * fatal * (1 - room * (1 - v["consumption_room_fatality_rr"]) if name in INJECT else 1)
        overdoses += rate * n[name]
        deaths += kills * n[name]
        tested = name in NAMES[:10] or name == "released"
        art_start = max(plan, min(now("hiv_tests") * v["art_start_after_test"], 6)) if tested else plan
        h = [(0, 1, hiv), (1, 2, 1 / v["hiv_acute_years"]), (2, 3, art_start), (3, 2, v["art_discontinuation_rate"])]
        end, clear, treat = 1 / v["hcv_acute_years"], v["hcv_clearance_proportion"], now("hcv_treatment_rate")
        cure, again = treat * v["hcv_svr_proportion"], hcv * v["hcv_reinfection_rr"]
        c = [(0, 1, hcv), (1, 2, end * (1 - clear)), (1, 4, end * clear), (2, 3, v["hcv_progression_rate"]),
             (2, 4, cure), (3, 4, cure), (4, 1, again)]  # fmt: skip
        for a, b, rate in h:
            d[p, a] -= rate * y[p, a]
            d[p, b] += rate * y[p, a]
        for a, b, rate in c:
            d[p, :, a] -= rate * y[p, :, a]
            d[p, :, b] += rate * y[p, :, a]
        d[p] -= (kills + v["other_mortality_rate"] * by["other"][p]) * y[p]
        d[p, 2] -= v["hiv_mortality_rate"] * y[p, 2]
        d[p, 3] -= v["art_mortality_rate"] * y[p, 3]
        d[p, :, 3] -= v["hcv_f4_mortality_rate"] * y[p, :, 3]
        hiv_new += hiv * y[p, 0].sum()
        hcv_new += hcv * y[p, :, 0].sum() + again * y[p, :, 4].sum()
    return np.concatenate([d.ravel(), [overdoses, deaths, hiv_new, hcv_new, y.sum()]])


def solved(v: dict[str, float], start: np.ndarray, by: dict[str, np.ndarray], years: int) -> dict[str, Any]:
    """Solve the model and give its counts over all years, and the people alive at the end."""
    flat, kinks = np.concatenate([start.ravel(), np.zeros(5)]), [v["scale_up_start_year"]]
    kinks += [kinks[0] + v["scale_up_years"]]
    edges = sorted({0.0, *(min(kink, years) for kink in kinks), float(years)})
    for first, last in pairwise(edges):
        found = solve_ivp(slopes, (first, last), flat, method="LSODA", args=(v, by), rtol=1e-9, atol=1e-7)
        flat = found.y[:, -1]
    counts = dict(zip(("overdoses", "overdose_deaths", "hiv_infections", "hcv_infections", "person_years"), flat[-5:],
                      strict=True))  # fmt: skip
    return {**counts, "alive": flat[:-5].sum()}
