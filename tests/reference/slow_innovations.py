"""The innovations recursion as one would write it on paper: dictionaries, lists, one period at a time."""

from __future__ import annotations

import math
from statistics import NormalDist

QUANTILES = {level: NormalDist().inv_cdf(level) for level in (0.1, 0.5, 0.9)}


def opening(z: list[float], season: int) -> dict:
    """Return level, slope and season before the first period."""
    seasonal = [0.0] * season
    if season > 1:
        cycles = [z[k * season : (k + 1) * season] for k in range(min(3, len(z) // season))]
        whole = [cycle for cycle in cycles if not any(math.isnan(value) for value in cycle)]
        if len(whole) >= 2:
            parts = [[value - sum(cycle) / season for value in cycle] for cycle in whole]
            seasonal = [sum(part[i] for part in parts) / len(parts) for i in range(season)]
            mean = sum(seasonal) / season
            seasonal = [value - mean for value in seasonal]
    width = max(season, 2)
    clean = [value - seasonal[i % season] for i, value in enumerate(z)]
    first = [value for value in clean[:width] if not math.isnan(value)]
    second = [value for value in clean[width : 2 * width] if not math.isnan(value)]
    state = {"level": 0.0, "slope": 0.0, "season": seasonal}
    if not first:
        state["level"] = next((value for value in clean if not math.isnan(value)), 0.0)
        return state
    state["level"] = sum(first) / len(first)
    if len(second) > width // 2 and len(first) > width // 2 and len(z) > 2 * width:
        state["slope"] = (sum(second) / len(second) - state["level"]) / width
        state["level"] -= state["slope"] * (width + 1) / 2
    return state


def filtered(z: list[float], season: int, parameters: tuple[float, ...]) -> tuple[list[float], list[dict]]:
    """Return the innovation of every period and the states after it."""
    alpha, beta, gamma, phi, kappa = parameters
    state = opening(z, season)
    start, level, slope, seasonal = state["level"], state["level"], state["slope"], list(state["season"])
    drift = kappa * slope
    errors, states = [], []
    for t, value in enumerate(z):
        moved = drift + phi * (slope - drift)
        missing = math.isnan(value)
        error = 0.0 if missing else value - (level + moved + seasonal[t % season])
        level += moved + alpha * error
        slope = moved + beta * error
        seasonal[t % season] += gamma * error
        drift = kappa * (level - start) / (t + 1)
        errors.append(math.nan if missing else error)
        states.append({"level": level, "slope": slope, "drift": drift, "season": list(seasonal)})
    return errors, states


def unscaled(value: float, power: float) -> float:
    if power == 1.0:
        return value + 1.0
    if power == 0.0:
        return math.exp(min(value, 60.0))
    base = value * power + 1.0
    return base ** (1.0 / power) if base > 0 else 0.0


def path(state: dict, size: int, season: int, parameters: tuple[float, ...], shocks: list[float], power: float):
    """Return the future that follows the states after `size` periods under given shocks."""
    alpha, beta, gamma, phi, _ = parameters
    level, slope, drift, seasonal = state["level"], state["slope"], state["drift"], list(state["season"])
    values = []
    for h, shock in enumerate(shocks):
        moved = drift + phi * (slope - drift)
        position = (size + h) % season
        values.append(unscaled(level + moved + seasonal[position] + shock, power))
        level += moved + alpha * shock
        slope = moved + beta * shock
        seasonal[position] += gamma * shock
    return values


def reach(parameters: tuple[float, ...], season: int, horizon: int) -> float:
    """Return the variance of the error at a horizon, where that of an innovation is one."""
    alpha, beta, gamma, phi, _ = parameters
    slopes = [sum(phi**i for i in range(1, k + 1)) for k in range(horizon)]
    later = [alpha + beta * slopes[k] + (gamma if k % season == 0 else 0.0) for k in range(1, horizon)]
    return 1.0 + sum(weight**2 for weight in later)


def pinball(level: float, quantile: float, actual: float) -> float:
    return max(level * (actual - quantile), (level - 1) * (actual - quantile))


def loss(z, y, season, parameters, horizon, back, half_life, power) -> tuple[float, list[float]]:
    """Return two thirds of the losses of three quantiles from points within the history, and what each point missed."""
    errors, states = filtered(z, season, parameters)
    first = max(2 * season + 1, len(z) - horizon - back)
    losses, missed = [], []
    for known in range(first, len(z) - horizon + 1):
        seen = [error for error in errors[season:known] if not math.isnan(error)]
        weights = [0.5 ** ((len(seen) - 1 - i) / half_life) for i in range(len(seen))]
        variance = sum(w * e**2 for w, e in zip(weights, seen, strict=True)) / sum(weights) if seen else 0.0
        middle = path(states[known - 1], known, season, parameters, [0.0] * horizon, 1.0)
        far = []
        for h in range(horizon):
            spread = math.sqrt(variance * reach(parameters, season, h + 1))
            actual = y[known + h]
            quantiles = {p: unscaled(middle[h] - 1.0 + q * spread, power) for p, q in QUANTILES.items()}
            far.append(actual - quantiles[0.5])
            if not math.isnan(actual):
                losses.append(2 / 3 * sum(pinball(p, value, actual) for p, value in quantiles.items()))
        missed.append(sum(far) / horizon)
    return (sum(losses) / len(losses) if losses else math.nan), missed
