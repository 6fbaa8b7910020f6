"""The data that records are compared with, opened when a record first asks for it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from benchmarks.cli.options import work_folder
from benchmarks.run.labelling import Difference, Labelling
from benchmarks.study.settings import GENERATED_DATASETS, Settings

if TYPE_CHECKING:
    from benchmarks.run.available_data import AvailableData


class LazyData:
    """The data below ``options.data_root``.

    decode, generated: as for `benchmarks.run.available_data.AvailableData`, which is imported with the first record.
    """

    def __init__(self, options: argparse.Namespace, *, decode: bool = False, generated: bool = False) -> None:
        self._options = options
        self._decode = decode
        self._generated = generated

    @cached_property
    def opened(self) -> AvailableData:
        """The data, imported now."""
        from benchmarks.run.available_data import AvailableData

        options = self._options
        return AvailableData(options.data_root, work_folder(options), decode=self._decode, generated=self._generated)

    def difference(self, settings: Settings, content: Mapping[str, Any], labelling: Labelling) -> Difference:
        """Return how the data differs from a record's (`AvailableData.difference`)."""
        if settings.dataset in GENERATED_DATASETS and not self._generated:
            return Difference()
        return self.opened.difference(settings, content, labelling)

    def say_unchecked(self) -> None:
        """Print a line for each data set whose records could not be compared."""
        if "opened" in vars(self):
            for name, why in self.opened.unchecked.items():
                print(f"Labels and frames of {name} could not be checked. {why}", file=sys.stderr)
