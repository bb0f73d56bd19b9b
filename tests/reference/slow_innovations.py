"""The innovations recursion as one would write it on paper: dictionaries, lists, one period at a time."""

from __future__ import annotations

import math


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


def loss(z, y, season, parameters, horizon, back, power) -> float:
    """Return the mean absolute error of forecasts without shocks from points within the history."""
    _, states = filtered(z, season, parameters)
    first = max(2 * season + 1, len(z) - horizon - back)
    misses = []
    for known in range(first, len(z) - horizon + 1):
        ahead = path(states[known - 1], known, season, parameters, [0.0] * horizon, power)
        misses += [abs(y[known + h] - value) for h, value in enumerate(ahead) if not math.isnan(y[known + h])]
    return sum(misses) / len(misses) if misses else math.nan
