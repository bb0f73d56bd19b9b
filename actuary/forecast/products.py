"""Volume times price: a series as the product of parts that are forecast jointly, with what each part adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from actuary.errors import DeclarationError, Problem, TableError, raise_all, unknown_name
from actuary.forecast.bayes_spec import ProductSpec
from actuary.forecast.panel import Panel
from actuary.forecast.result import Forecast, draws_array
from actuary.policy.shapes import Shape, fit
from actuary.policy.toml_files import read_toml

__all__ = ["append_products", "explain_growth", "multiply_parts", "read_products"]

type FloatArray = NDArray[np.float64]


class _ProductFile(Shape):
    """A file of products on its own."""

    schema_: Literal[1] = Field(alias="schema")
    product: tuple[ProductSpec, ...] = Field(min_length=1)


def read_products(path: Path) -> tuple[ProductSpec, ...]:
    """Read the products that a TOML file declares: `schema = 1` and one table `[[product]]` each, with name and parts.

    Raises
    ------
    DeclarationError
        With every problem of the file.
    """
    file, problems = read_toml(path)
    raise_all(problems, DeclarationError)
    assert file is not None  # noqa: S101  problems have been raised
    found, differences = fit(_ProductFile, file.data, file=file)
    raise_all(differences, DeclarationError)
    assert found is not None  # noqa: S101
    names = [product.name for product in found.product]
    twice = sorted({name for name in names if names.count(name) > 1})
    doubled = [Problem(file.where("product"), f"{name!r} twice", "each name once") for name in twice]
    raise_all(doubled, DeclarationError)
    return found.product


def append_products(forecast: Forecast, products: Sequence[ProductSpec]) -> Forecast:
    """Return the forecast with its products as further series, each the product of its parts in every draw.

    Parameters
    ----------
    forecast : Forecast
        Of the parts.
    products : sequence of ProductSpec
        Names and parts.

    Raises
    ------
    TableError
        When a part is no series of the forecast, parts end at different periods, or a product has the name of a series.

    Examples
    --------
    >>> from actuary.forecast.face import forecast_series
    >>> years = [str(year) for year in range(2000, 2020)]
    >>> rows = pd.DataFrame({"series_id": list("nc") * 20, "period": sorted(years * 2), "value": [2.0, 3.0] * 20})
    >>> parts = forecast_series(rows, horizon=1, draws=10, model="naive")
    >>> append_products(parts, [ProductSpec(name="spending", parts=("n", "c"))]).series
    ('c', 'n', 'spending')
    """
    taken = [product.name for product in products if product.name in forecast.series]
    raise_all([Problem(f"product {name}", "the name of a series", "another name") for name in taken], TableError)
    further = multiply_parts(forecast, products)
    old = forecast.panel
    panel = replace(
        old,
        series=(*old.series, *further.series),
        values=np.concatenate([old.values, further.panel.values]),
        ends=(*old.ends, *further.panel.ends),
    )
    futures = [forecast.futures(name) for name in old.series] + [further.futures(name) for name in further.series]
    return replace(forecast, panel=panel, draws=draws_array(panel, np.stack(futures, axis=1)))


def _parts(forecast: Forecast, product: ProductSpec) -> list[int]:
    problems = [
        unknown_name(f"product {product.name}", part, forecast.series, what="series")
        for part in product.parts
        if part not in forecast.series
    ]
    raise_all(problems, TableError)
    return [forecast.series.index(part) for part in product.parts]


def multiply_parts(forecast: Forecast, products: Sequence[ProductSpec], *, unit: str = "") -> Forecast:
    """Return the forecast of products, draw by draw: logarithms of the parts add up.

    Parameters
    ----------
    forecast : Forecast
        Of the parts, made jointly, so that they move together as they did.
    products : sequence of ProductSpec
        Names and parts, such as enrolment, use, unit cost and reimbursed share.
    unit : str
        Unit of the products.

    Raises
    ------
    TableError
        When a part is no series of the forecast, or parts end at different periods.

    Examples
    --------
    >>> from actuary.forecast.face import forecast_series
    >>> years = [str(year) for year in range(2000, 2020)]
    >>> rows = pd.DataFrame({"series_id": list("nc") * 20, "period": sorted(years * 2), "value": [2.0, 3.0] * 20})
    >>> parts = forecast_series(rows, horizon=1, draws=10, model="naive")
    >>> product = ProductSpec(name="spending", parts=("n", "c"))
    >>> float(multiply_parts(parts, [product]).futures("spending").mean().round(6))
    6.0
    """
    futures, values, ends = [], [], []
    for product in products:
        rows = _parts(forecast, product)
        last = {forecast.panel.ends[row] for row in rows}
        if len(last) > 1:
            shown = ", ".join(forecast.origins[row] for row in rows)
            raise TableError(Problem(f"product {product.name}", f"parts that end {shown}", "parts of the same length"))
        futures.append(np.prod([forecast.futures(part) for part in product.parts], axis=0))
        values.append(np.prod(forecast.panel.values[rows], axis=0))
        ends.append(last.pop())
    old = forecast.panel
    names = tuple(product.name for product in products)
    panel = Panel(names, old.freq, old.season, old.first, np.array(values), unit, old.synthetic, tuple(ends))
    laid = draws_array(panel, np.stack(futures, axis=1))
    return Forecast(
        panel,
        forecast.model,
        forecast.horizon,
        forecast.seed,
        laid,
        None,
        forecast.posterior,
        forecast.gate,
        forecast.notes,
    )


def explain_growth(forecast: Forecast, product: ProductSpec) -> pd.DataFrame:
    """Split the growth of a product over the horizon's last year into what its parts bring.

    Parameters
    ----------
    forecast : Forecast
        Of the parts.
    product : ProductSpec
        Name and parts.

    Returns
    -------
    DataFrame
        part, median, q10, q90 of the logarithm of the last cycle's mean over the history's last; the parts' logarithms
        add up to the product's in every draw as far as volumes and prices do not move within the year.
    """
    rows = _parts(forecast, product)
    season = forecast.panel.season
    found = []
    for part, row in zip(product.parts, rows, strict=True):
        end = forecast.panel.ends[row]
        past = float(np.nanmean(forecast.panel.values[row, end - season : end]))
        ahead: FloatArray = np.log(forecast.futures(part)[:, -season:].mean(axis=1) / past)
        low, middle, high = np.quantile(ahead, [0.1, 0.5, 0.9])
        found.append({"part": part, "median": middle, "q10": low, "q90": high})
    return pd.DataFrame(found)
