"""Custom Great Expectations classes: what its own ones cannot say about an inventory, or say too slowly.

References are given by the name of a table, never as a list: a big ``value_set`` is deep-copied up to 110 times.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation, ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Ids by the name of a table or of a list of the law pack, for the run under way.
_IDS: dict[str, pd.Index[Any]] = {}
#: Ids of a table that some row somewhere refers to; None stands for every row.
_REFERRED: dict[str, pd.Index[Any] | None] = {}
_SLUG = r"[a-z0-9][a-z0-9_.-]*"


@contextmanager
def known_ids(ids: Mapping[str, pd.Index[Any]], referred: Mapping[str, pd.Index[Any] | None]) -> Iterator[None]:
    """Let expectations look ids up by name while a run lasts."""
    _IDS.update(ids)
    _REFERRED.update(referred)
    try:
        yield
    finally:
        _IDS.clear()
        _REFERRED.clear()


class _CellsMetric(TableMetricProvider):
    """A metric over several columns at once, whose value maps a column to its [position, element] pairs."""

    @staticmethod
    def frame(engine: PandasExecutionEngine, domain: dict[str, Any]) -> pd.DataFrame:
        return engine.get_compute_domain(domain, domain_type="table")[0]


class CellStates(_CellsMetric):
    """Cells whose state is one of those given."""

    metric_name = "derbes.cell_states"
    value_keys = ("columns", "states")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG002, N805, PLR0917
        frame = cls.frame(execution_engine, metric_domain_kwargs)
        broken = {}
        for name, column in metric_value_kwargs["columns"].items():
            hits = np.flatnonzero(np.isin(frame[column].to_numpy(), metric_value_kwargs["states"]))
            broken[name] = [[int(position), None] for position in hits]
        return broken


class References(_CellsMetric):
    """References, well formed, that no row of their table answers to."""

    metric_name = "derbes.references"
    value_keys = ("columns", "to")

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG002, N805, PLR0917
        frame = cls.frame(execution_engine, metric_domain_kwargs)
        broken = {}
        for name, column in metric_value_kwargs["columns"].items():
            said = frame[column].explode().dropna().astype(str)
            said = said[~said.isin(["none", "all"])]
            dangling = said[~said.isin(_IDS[metric_value_kwargs["to"][name]]) & said.str.fullmatch(_SLUG)]
            broken[name] = [[int(position), value] for position, value in dangling.items()]
        return broken


class Repeated(_CellsMetric):
    """Rows that share a fact with another row; the element is the number of their group."""

    metric_name = "derbes.repeated"
    value_keys = ("columns",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG002, N805, PLR0917
        frame = cls.frame(execution_engine, metric_domain_kwargs)
        broken = {}
        for name, column in metric_value_kwargs["columns"].items():
            said = frame[column].dropna()
            said = said[said.duplicated(keep=False)]
            groups = pd.factorize(said)[0]
            broken[name] = [[int(position), int(group)] for position, group in zip(said.index, groups, strict=True)]
        return broken


class Unreferenced(_CellsMetric):
    """Rows whose id is referred to from nowhere; the table is told by the column's name, its key."""

    metric_name = "derbes.unreferenced"
    value_keys = ("columns",)

    @metric_value(engine=PandasExecutionEngine)
    def _pandas(cls, execution_engine, metric_domain_kwargs, metric_value_kwargs, metrics, runtime_configuration):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG002, N805, PLR0917
        frame = cls.frame(execution_engine, metric_domain_kwargs)
        broken: dict[str, list[list[int | None]]] = {}
        for name, column in metric_value_kwargs["columns"].items():
            referred, said = _REFERRED[name], frame[column].dropna()
            hits = said[~said.isin(referred)].index if referred is not None else said.index[:0]
            broken[name] = [[int(position), None] for position in hits]
        return broken


class _CellsExpectation(BatchExpectation):
    """Holds when its metric finds no cell; the cells are in ``details``."""

    columns: dict[str, str]
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)
    success_keys: ClassVar[tuple[str, ...]] = ("columns",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: object = None,  # noqa: ARG002 - the base class passes it
        execution_engine: object = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        broken = metrics[self.metric_dependencies[0]]
        return {"success": not any(broken.values()), "result": {"details": {"broken": broken}}}


class ExpectCellStatesToNotBeInSet(_CellsExpectation):
    """Expect no cell of the columns to be in one of the states."""

    states: list[int]
    metric_dependencies = ("derbes.cell_states",)
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "states")


class ExpectReferencesToResolve(_CellsExpectation):
    """Expect every reference to name a row of its table."""

    to: dict[str, str]
    metric_dependencies = ("derbes.references",)
    success_keys: ClassVar[tuple[str, ...]] = ("columns", "to")


class ExpectRowsToBeToldApart(_CellsExpectation):
    """Expect no two rows to share the fact."""

    metric_dependencies = ("derbes.repeated",)


class ExpectRowsToBeReferenced(_CellsExpectation):
    """Expect every row to be referred to from somewhere."""

    metric_dependencies = ("derbes.unreferenced",)


class ColumnValuesReferenced(ColumnMapMetricProvider):
    """Whether a value is an id of the named table or list."""

    condition_metric_name = "column_values.referenced"
    condition_value_keys = ("reference",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column, reference, **kwargs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN202, ARG002, N805
        return column.isin(_IDS[reference])


class ExpectColumnValuesToBeReferenced(ColumnMapExpectation):
    """Expect every value to be an id of the table, or a code of the law pack's list, that ``reference`` names."""

    reference: str
    map_metric = "column_values.referenced"
    success_keys: ClassVar[tuple[str, ...]] = ("reference", "mostly")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "reference")
