"""The shape of a job on Beam: steps with a barrier behind each."""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam

from recsys.core.json_files import write_json

Result = dict[str, Any]


class Step(beam.PTransform):
    """Run ``function(element)`` for every element, anywhere, then bring the results together.

    Takes elements; gives one list of results in the order of their ``number``, which also lies in
    ``directory / NAME.json`` for the caller to read, whatever the runner does with outputs.
    """

    def __init__(self, name: str, function: Callable[[Any], Result], directory: Path) -> None:
        super().__init__(name)
        self.name = name
        self.function = function
        self.directory = directory

    def expand(self, elements: beam.PCollection[Any]) -> beam.PCollection[list[Result]]:
        return (
            elements
            | "Spread" >> beam.Reshuffle()
            | "Run" >> beam.Map(self.function)
            | "ToOne" >> beam.Map(_with_key)
            | "Gather" >> beam.GroupByKey()
            | "Keep" >> beam.Map(partial(_keep, self.directory / f"{self.name}.json"))
        )


def _with_key(result: Result) -> tuple[int, Result]:
    return 0, result


def _keep(path: Path, group: tuple[int, Iterable[Result]]) -> list[Result]:
    results = sorted(group[1], key=lambda result: result["number"])
    write_json(path, results)
    return results
