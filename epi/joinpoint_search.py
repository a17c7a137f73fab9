"""Grid search for joinpoints: every allowed set of positions fitted at once, for many series together.

Series of one set of years are stacked: `root` (s, n) holds the square roots of their weights, `y` (s, n) their log
rates. The straight line is projected out first, so that a model with k joinpoints needs only k x k matrices.
"""

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from epi.intervals import FloatArray
from epi.log_rates import ROUNDING, least_scatter

IntArray = npt.NDArray[np.intp]

# Values held at once while a grid is searched (8 bytes each), and the most positions a search may have.
CHUNK_VALUES = 4_000_000
MOST_CANDIDATES = 2_000_000
# The same for sums of squares that come out as differences on the grid.
GRID_ROUNDING = 1e-11


@dataclass(frozen=True)
class Fits:
    """The least-squares fits of s series at given joinpoints: coefficients of 1, x, (x - tau_1)+, ..."""

    positions: IntArray
    coefficients: FloatArray
    unscaled: FloatArray
    sse: FloatArray


@lru_cache(maxsize=64)
def candidates(periods: int, joinpoints: int, min_end: int, min_between: int) -> IntArray:
    """List the allowed sets of joinpoint positions, one row each, in ascending order; no rows if none fits."""
    free = periods - 2 * min_end - (joinpoints - 1) * min_between
    if joinpoints == 0 or free < joinpoints:
        return np.zeros((1 if joinpoints == 0 else 0, joinpoints), dtype=np.intp)
    sets = list(itertools.islice(itertools.combinations(range(free), joinpoints), MOST_CANDIDATES + 1))
    if len(sets) > MOST_CANDIDATES:
        raise ValueError(
            f"the grid must have at most {MOST_CANDIDATES:,} sets of positions; found more for {joinpoints} joinpoints "
            f"in {periods} periods. Lower max_joinpoints, or raise min_end or min_between."
        )
    return np.array(sets, dtype=np.intp) + min_end + min_between * np.arange(joinpoints)


def search(year: FloatArray, root: FloatArray, y: FloatArray, sets: IntArray) -> tuple[IntArray, FloatArray]:
    """Find the positions with the least sum of squares for each series.

    Args:
        year: Times, shape (n,), ascending.
        root: Square roots of the weights, shape (s, n).
        y: Log rates, shape (s, p, n): p series share each row of weights.
        sets: Candidate positions, shape (c, k), from `candidates`.

    Returns:
        `(positions, sse)` of shapes (s, p, k) and (s, p). The sums come from differences and are exact to about
        1e-11 of the scatter about a straight line; `fit` gives those of the chosen positions exactly.
    """
    line = _orthonormal(root, year)
    rest = _without(line, root[:, None] * y)
    total = np.einsum("spn,spn->sp", rest, rest)
    if sets.shape[1] == 0:
        return np.zeros((*total.shape, 0), dtype=np.intp), total
    hinges = _without(line, root[:, None] * np.maximum(year - year[1:-1, None], 0))
    hinges /= np.linalg.norm(hinges, axis=-1, keepdims=True)
    gram = hinges @ hinges.swapaxes(-1, -2)
    moments = rest @ hinges.swapaxes(-1, -2)
    best, chosen = np.full(total.shape, -np.inf), np.zeros(total.shape, dtype=np.intp)
    step = max(1, CHUNK_VALUES // (total.size * sets.shape[1]))
    for first in range(0, len(sets), step):
        # Position 0 has no hinge of its own, so hinge j stands at position j + 1.
        at = sets[first : first + step] - 1
        inverse = np.linalg.inv(gram[:, at[:, :, None], at[:, None, :]])
        part = moments[:, :, at]
        gain = np.einsum("spci,scij,spcj->spc", part, inverse, part, optimize=True)
        place = gain.argmax(axis=-1)
        value = np.take_along_axis(gain, place[..., None], axis=-1)[..., 0]
        better = value > best
        best, chosen = np.where(better, value, best), np.where(better, place + first, chosen)
    return sets[chosen], np.maximum(total - best, GRID_ROUNDING * total)


def fit(year: FloatArray, root: FloatArray, y: FloatArray, positions: IntArray) -> Fits:
    """Fit each series at its own joinpoints by QR; shapes (n,), (s, n), (s, n) and (s, k)."""
    design = basis(year, year, positions) * root[..., None]
    q, r = np.linalg.qr(design)
    inverse = np.linalg.inv(r)
    target = root * y
    coefficients = np.einsum("sij,snj,sn->si", inverse, q, target)
    sse = ((target - np.einsum("sni,si->sn", design, coefficients)) ** 2).sum(axis=-1)
    unscaled = inverse @ inverse.swapaxes(-1, -2)
    return Fits(positions, coefficients, unscaled, np.maximum(sse, least_scatter(y, root**2)))


def basis(at: FloatArray, year: FloatArray, positions: IntArray) -> FloatArray:
    """Give the columns 1, x - mean, (x - tau_1)+, ... at the times `at`; shape (s, len(at), k + 2)."""
    hinges = np.maximum(at[:, None] - year[positions][:, None, :], 0)
    line = np.column_stack([np.ones(len(at)), at - year.mean()])
    return np.concatenate([np.broadcast_to(line, (len(positions), *line.shape)), hinges], axis=-1)


def criteria(year: FloatArray, root: FloatArray, y: FloatArray, fits: Fits) -> dict[str, FloatArray]:
    """Give BIC, BIC3, WBIC and the weight of BIC3 in it, one value per series (see `epi.joinpoint.joinpoint`)."""
    n, k = len(year), fits.positions.shape[1]
    size = np.log(fits.sse / n)
    weight = partial_r2(year, root, y, fits.positions)
    coefficient = {"bic": 2 * k + 2, "bic3": 3 * k + 2, "wbic": (2 + weight) * k + 2}
    values = {name: size + per / n * np.log(n) for name, per in coefficient.items()}
    return values | {"weight": weight if k else np.full(len(y), np.nan)}


def partial_r2(year: FloatArray, root: FloatArray, y: FloatArray, positions: IntArray) -> FloatArray:
    """Give, per series, the largest share of scatter about one line that a joinpoint explains in its two segments."""
    largest = np.zeros(len(y))
    tau = year[positions]
    ends = np.concatenate([np.full((len(y), 1), -np.inf), tau, np.full((len(y), 1), np.inf)], axis=1)
    for i in range(positions.shape[1]):
        near = root * ((year > ends[:, [i]]) & (year <= ends[:, [i + 2]]))
        line = _orthonormal(near, year)
        z = _without(line, (near * np.maximum(year - tau[:, [i]], 0))[:, None])[:, 0]
        rest = _without(line, (near * y)[:, None])[:, 0]
        scatter = (rest**2).sum(axis=1) * (z**2).sum(axis=1)
        floor = ROUNDING * ((near * y) ** 2).sum(axis=1) * (z**2).sum(axis=1)
        explained = np.divide((rest * z).sum(axis=1) ** 2, scatter, out=np.zeros(len(y)), where=scatter > floor)
        largest = np.maximum(largest, np.minimum(explained, 1))
    return largest


def permutation_p(
    year: FloatArray,
    root: FloatArray,
    y: FloatArray,
    sets: tuple[IntArray, IntArray],
    permutations: int,
    generator: np.random.Generator,
) -> tuple[float, float]:
    """Test one series for more joinpoints: statistic SSE(null) / SSE(alternative), and its permutation p-value.

    Args:
        year: Times, shape (n,).
        root: Square roots of the weights, shape (n,).
        y: Log rates, shape (n,).
        sets: Candidate positions under the null and under the alternative.
        permutations: How many shuffles of the null model's weighted residuals.
        generator: Source of the shuffles.
    """
    found, _ = search(year, root[None], y[None, None], sets[0])
    null = fit(year, root[None], y[None], found[0])
    expected = (basis(year, year, found[0]) @ null.coefficients[..., None])[0, :, 0]
    residual = root * (y - expected)
    shuffled = generator.permuted(np.repeat(residual[None], permutations, axis=0), axis=1)
    rows = np.concatenate([y[None], expected + shuffled / root])
    # A fit without scatter would divide rounding by rounding; the floor makes such ratios 1.
    floor = GRID_ROUNDING * ((root * (y - y.mean())) ** 2).sum()
    errors = [np.maximum(search(year, root[None], rows[None], each)[1][0], floor) for each in sets]
    ratios = errors[0] / errors[1]
    extreme = (ratios[1:] >= ratios[0] * (1 - 1e-9)).sum()
    return float(ratios[0]), float((1 + extreme) / (1 + permutations))


def _orthonormal(root: FloatArray, year: FloatArray) -> FloatArray:
    """Give orthonormal columns that span the weighted straight lines; shape (s, n, 2)."""
    return np.linalg.qr(np.stack([root, root * (year - year.mean())], axis=-1))[0]


def _without(line: FloatArray, rows: FloatArray) -> FloatArray:
    """Take the straight line out of each row; shapes (s, n, 2) and (s, p, n). Twice, so that rounding goes too."""
    for _ in range(2):
        rows = rows - (rows @ line) @ line.swapaxes(-1, -2)
    return rows
