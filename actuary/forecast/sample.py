"""Draw from the posterior with nutpie, compiling once for every shape of a model.

Compiled functions are kept twice: whole, for another panel of the same shape in the same process; in parts on disk by
PyTensor (its folder is set with ``PYTENSOR_FLAGS=base_compiledir=…``), for the next process.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actuary.errors import ActuaryError, Problem
from actuary.forecast.bayes_data import BayesData
from actuary.forecast.bayes_spec import BayesSpec, SamplerSpec
from actuary.forecast.result import Progress
from actuary.threads import one_blas_thread

__all__ = ["Sampled", "SamplingError", "find_gaps", "sample_posterior"]

#: Compiled models of this process by declaration and shape.
_COMPILED: dict[tuple[Any, ...], Any] = {}


class SamplingError(ActuaryError):
    """The sampler has not returned every draw that was declared."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Hold what the sampler returned.

    Parameters
    ----------
    arrays : mapping of str to array, shape (chain, draw, ...)
        Every free parameter and every quantity of the recursion.
    free : tuple of str
        Which of them are free parameters.
    stats : mapping of str to array, shape (chain, draw)
        diverging, energy, depth_reached_max.
    """

    arrays: dict[str, NDArray[np.float64]]
    free: tuple[str, ...]
    stats: dict[str, NDArray[Any]]


def find_gaps(sampled: Sampled, effort: SamplerSpec) -> str:
    """Say what a posterior lacks of what was declared.

    Parameters
    ----------
    sampled : Sampled
        The draws.
    effort : SamplerSpec
        How many chains and draws were declared.

    Returns
    -------
    str
        The first array that is too short or not finite; empty where nothing lacks.
    """
    for name, array in {**sampled.arrays, **sampled.stats}.items():
        if array.shape[:2] != (effort.chains, effort.draws):
            return f"{name}: {' x '.join(str(size) for size in array.shape[:2])} draws"
        if not np.isfinite(array).all():
            return f"{name}: values that are not finite"
    return "" if sampled.arrays else "no draws"


def _compile(data: BayesData, spec: BayesSpec, progress: Progress | None) -> tuple[Any, tuple[str, ...]]:
    from actuary.forecast.build import build_model, model_data, model_shape  # noqa: PLC0415  (seconds)
    from actuary.forecast.compiled_models import compile_model  # noqa: PLC0415  (seconds)

    key = (spec.model_dump_json(exclude={"sampler", "trial", "gate", "search", "product"}), model_shape(data))
    if key not in _COMPILED:
        if progress is not None:
            progress(0.02, "compiling the model")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = build_model(data, spec)
            free = tuple(one.name for one in model.free_RVs)
            try:
                _COMPILED[key] = (compile_model(model), free)
            except RuntimeError as error:
                # Stopped while LLVM calls back, the interruption is swallowed there and no code is left behind.
                if "no compiled object" not in str(error):
                    raise
                raise KeyboardInterrupt from None
    compiled, free = _COMPILED[key]
    return compiled.with_data(**model_data(data)), free


def sample_posterior(
    data: BayesData,
    spec: BayesSpec,
    *,
    seed: int,
    cores: int = 2,
    progress: Progress | None = None,
) -> Sampled:
    """Sample the model of a panel.

    Parameters
    ----------
    data : BayesData
        The panel as the sampler sees it.
    spec : BayesSpec
        The declaration, with the sampler's effort.
    seed : int
        Seed. The draws depend on the state of the compile cache as well: compare within a tolerance.
    cores : int
        Chains that run at once.
    progress : callable, optional
        Called with the share done and the phase.

    Returns
    -------
    Sampled
        Draws after tuning.

    Raises
    ------
    SamplingError
        When the sampler was stopped, or gave values that are not finite.
    KeyboardInterrupt
        When it was stopped while the model was compiled or as sampling ended.
    """
    compiled, free = _compile(data, spec, progress)
    import nutpie  # noqa: PLC0415  (seconds)

    if progress is not None:
        progress(0.4, "sampling")
    effort = spec.sampler
    with warnings.catch_warnings(), one_blas_thread():
        warnings.simplefilter("ignore")
        try:
            tree = nutpie.sample(
                compiled,
                draws=effort.draws,
                tune=effort.tune,
                chains=effort.chains,
                cores=min(cores, effort.chains),
                seed=seed % 2**32,
                progress_bar=False,
                progress_callback=_watch(progress),
                save_warmup=False,
                target_accept=effort.target_accept,
            )
        except ValueError as error:
            # Stopped as it ends, the sampler stumbles over results that it has handed out already.
            if isinstance(error.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise
    posterior, stats = tree["posterior"], tree["sample_stats"]
    arrays = {name: np.asarray(posterior[name].values, dtype=np.float64) for name in _kept(posterior, free)}
    kept = ("diverging", "energy", "maxdepth_reached")
    sampled = Sampled(arrays, free, {name: np.asarray(stats[name].values) for name in kept if name in stats})
    # A sampler that is interrupted gives back what it has, and says nothing.
    if gaps := find_gaps(sampled, effort):
        expected = f"{effort.chains} x {effort.draws} finite draws"
        mend = "run it again to the end; where it was not stopped, tighten the priors"
        raise SamplingError(Problem("sampling", gaps, expected, mend))
    return sampled


def _watch(progress: Progress | None) -> Any:
    """Return what turns the chains' progress into one share: sampling is the middle half of the work."""
    if progress is None:
        return None

    def show(chains: Any) -> None:
        total = sum(chain.total_draws for chain in chains)
        done = sum(chain.finished_draws for chain in chains) / total if total else 0.0
        progress(0.4 + 0.5 * done, "sampling")

    return show


def _kept(posterior: Any, free: tuple[str, ...]) -> list[str]:
    wanted = {*free, "log_scale_centre", "rates", "opening", "scale", "share", "tail", "coefficient", "outbreak_log"}
    return [str(name) for name in posterior.data_vars if name in wanted]
