"""Incomplete gamma functions over the Poisson weight: the two sums behind every Erlang formula.

With f(c, y) = y^c e^-y / Gamma(c + 1) and the regularised incomplete gammas P and Q (DLMF 8.2):

    lower(c, y) = P(c, y) / f(c, y) = 1 + y/(c+1) + y^2/((c+1)(c+2)) + ...
    upper(c, y) = Q(c, y) / f(c, y) = c/y + c(c-1)/y^2 + ...

Quotients don't underflow where P, Q and f do. From `_LARGE` on, Temme's uniform expansion (DLMF
8.12, with erfcx in place of erfc); below it, the recurrences in c, each in its stable direction.
Relative error below 1e-11 wherever the formulas of erlang.py ask. No queue is known here.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx

Floats: TypeAlias = npt.NDArray[np.float64]

_LARGE = 20  # here the eight terms of the expansion leave 1e-12
_NEAR_LOW, _NEAR_HIGH = 0.5, 2.3  # y / c between which the Taylor series in eta hold
_TERMS = (24, 20, 17, 14, 12, 10, 8, 7)  # Taylor terms of C_0 … C_7
_FAR_TERMS = 48  # of a series whose ratio is at most 0.5
_ATANH = tuple(1 / odd for odd in range(3, 21, 2))
# Gamma*(c) = 1 + 1 / (12 c) + …, DLMF 5.11.4; its reciprocal has the odd signs turned.
_GAMMA_STAR = (
    Fraction(1), Fraction(1, 12), Fraction(1, 288), Fraction(-139, 51840),
    Fraction(-571, 2488320), Fraction(163879, 209018880), Fraction(5246819, 75246796800),
    Fraction(-534703531, 902961561600),
)  # fmt: skip
_STIRLING = tuple(float(one) for one in _GAMMA_STAR)


def _taylor() -> tuple[tuple[float, ...], ...]:
    """Coefficients of C_k(eta) by powers of eta: DiDonato & Morris 1986, equations for d(k, n)."""
    longest = max(terms + 2 * k for k, terms in enumerate(_TERMS)) + 2
    alpha = [Fraction(0), Fraction(1), Fraction(1, 3)]
    for n in range(3, longest + 1):
        known = sum((j * alpha[j] * alpha[n - j + 1] for j in range(2, n)), Fraction(0))
        alpha.append((alpha[n - 1] - known) / (n + 1))
    first = [Fraction(-1, 3), *((n + 2) * alpha[n + 2] for n in range(1, longest - 1))]
    rows = [first]
    for k in range(1, len(_TERMS)):
        before = rows[-1]
        rows.append(
            [
                (-1) ** k * _GAMMA_STAR[k] * first[n] + (n + 2) * before[n + 2]
                for n in range(len(before) - 2)
            ]
        )
    return tuple(
        tuple(float(one) for one in row[:terms]) for row, terms in zip(rows, _TERMS, strict=True)
    )


_C = _taylor()
_SIZES = tuple(np.abs(row) for row in _C)
_NOTHING = 1e-17  # beside sums of which the first is a third


def lower(c: Floats, y: Floats) -> Floats:
    """P(c, y) / f(c, y) for c > 0 and 0 <= y <= 2.3 c (or c < 20)."""
    small = c < _LARGE
    if not small.any():
        return _lower_large(c, y)
    shifts = np.where(small, np.ceil(_LARGE - c), 0)
    ratio = _lower_large(c + shifts, y)
    for j in range(int(shifts.max()), 0, -1):
        lowered = y / (c + j)
        lowered *= ratio
        lowered += 1
        np.copyto(ratio, lowered, where=shifts >= j)
    return ratio


def inverse_erlang_b(servers: Floats, load: Floats) -> Floats:
    """1 / B(servers, load) = 1 + upper(servers, load), for whole servers >= 0 and load > 0.

    It may overflow to infinity: B is 0 then, as far as a float can say.
    """
    inverse = np.empty_like(load)
    small = servers < _LARGE
    inverse[small] = _by_recurrence(servers[small], load[small])
    large = ~small
    if large.any():
        inverse[large] = 1 + _upper_large(servers[large], load[large])
    return inverse


def excess(ratio: Floats) -> Floats:
    """delta - ln(1 + delta) >= 0 without cancellation; half the square of Temme's eta."""
    far = np.abs(ratio) > 0.3
    value = ratio - np.log1p(ratio) if far.any() else np.empty_like(ratio)
    if far.all():
        return value
    v = ratio / (2 + ratio)
    square = v * v
    near = ratio * v - 2 * v * square * _polynomial(_ATANH, square)
    np.copyto(value, near, where=~far)
    return value


def _by_recurrence(servers: Floats, load: Floats) -> Floats:
    inverse = np.ones_like(load)
    per_load = 1 / load
    with np.errstate(over="ignore"):
        for j in range(1, int(servers.max(initial=0)) + 1):
            following = inverse * per_load
            following *= j
            following += 1
            np.copyto(inverse, following, where=servers >= j)
    return inverse


def _lower_large(c: Floats, y: Floats) -> Floats:
    near = y >= _NEAR_LOW * c
    if near.all():
        return _expansion(c, y, side=-1.0)
    ratio = np.empty_like(c)
    ratio[near] = _expansion(c[near], y[near], side=-1.0)
    ratio[~near] = _lower_far(c[~near], y[~near])
    return ratio


def _lower_far(c: Floats, y: Floats) -> Floats:
    total = np.ones_like(c)
    for j in range(_FAR_TERMS, 0, -1):
        total = 1 + y / (c + j) * total
    return total


def _upper_large(s: Floats, load: Floats) -> Floats:
    few, many = load < _NEAR_LOW * s, load > _NEAR_HIGH * s
    near = ~(few | many)
    if near.all():
        return _expansion(s, load, side=1.0)
    ratio = np.empty_like(s)
    ratio[near] = _expansion(s[near], load[near], side=1.0)
    ratio[few] = _inverse_weight(s[few], load[few]) - _lower_far(s[few], load[few])
    ratio[many] = _upper_far(s[many], load[many])
    return ratio


def _upper_far(s: Floats, load: Floats) -> Floats:
    total = np.zeros_like(s)
    for j in range(_FAR_TERMS, -1, -1):
        total = np.maximum(s - j, 0) / load * (1 + total)
    return total


def _inverse_weight(c: Floats, y: Floats) -> Floats:
    """1 / f(c, y) = lower + upper."""
    with np.errstate(over="ignore"):
        grown = np.exp(c * excess((y - c) / c))
        return np.asarray(np.sqrt(2 * np.pi * c) * _polynomial(_STIRLING, 1 / c) * grown)


def _expansion(c: Floats, y: Floats, *, side: float) -> Floats:
    """Temme's expansion: side +1 for Q / f, -1 for P / f."""
    delta = (y - c) / c
    half_square = excess(delta)
    eta = np.copysign(np.sqrt(2 * half_square), delta)
    inverse_c = 1 / c
    correction = _correction(eta, inverse_c)
    with np.errstate(over="ignore"):
        main = np.sqrt(np.pi / 2 * c) * erfcx(side * eta * np.sqrt(c / 2))
        return np.asarray(_polynomial(_STIRLING, inverse_c) * (main + side * correction))


def _correction(eta: Floats, inverse_c: Floats) -> Floats:
    """The sum of C_k(eta) / c^k, of as many terms as matter here: few where loads are large."""
    reach, weight = float(np.abs(eta).max(initial=0)), float(inverse_c.max(initial=0))
    total = np.zeros_like(eta)
    for k in range(len(_C) - 1, -1, -1):
        terms = np.flatnonzero(_SIZES[k] * reach ** np.arange(len(_C[k])) * weight**k > _NOTHING)
        if len(terms):
            total *= inverse_c
            total += _polynomial(_C[k][: int(terms[-1]) + 1], eta)
    return total


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    value = np.full_like(x, coefficients[-1])
    for one in coefficients[-2::-1]:
        value *= x
        value += one
    return value
