"""The fuzzer, short: benchmarks/faults/fuzz.py."""

import random
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.faults.fuzz import Counts, fuzz_reader, mutate, to_markdown
from benchmarks.faults.readers import Reader, readers

# Each starts a process, or decodes; the campaign sends them as much as the others.
_SLOW = ("pairs .mat", "video .avi", "archive .tar.gz", "archive .zip")


class TestMutate:
    def test_gives_the_same_for_the_same_seed_and_hardly_ever_the_file_itself(self) -> None:
        """A fault can be made again from its seed."""
        data = bytes(range(200))
        mutants = [[mutate(data, random.Random(seed)) for seed in range(50)] for _ in range(2)]
        assert mutants[0] == mutants[1]
        assert sum(mutant == data for mutant in mutants[0]) < 5

    def test_an_empty_file_stays_one(self) -> None:
        """There is nothing to change in it."""
        assert mutate(b"", random.Random(0)) == b""


class TestReaders:
    @pytest.mark.parametrize("reader", [one for one in readers() if one.name not in _SLOW], ids=lambda one: one.name)
    def test_a_mutant_is_read_or_refused_in_a_sentence(self, reader: Reader, tmp_path: Path) -> None:
        """Seeds are read; of forty mutants none ends in anything but a result or one line that names the file."""
        path = tmp_path / reader.place
        for name, content in reader.others:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        rng, refused = random.Random(1), {}
        for number in range(40):
            data = mutate(rng.choice(reader.seeds), rng)
            path.write_bytes(reader.seeds[number] if number < len(reader.seeds) else data)
            try:
                reader.read(path)
            except StudyError as error:
                refused[number] = str(error)
        assert not [sentence for sentence in refused.values() if "\n" in sentence]
        assert min(refused, default=40) >= len(reader.seeds) or reader.name == "names of files"


class TestFuzzReader:
    def test_a_crash_and_an_exception_are_counted_and_kept(self, tmp_path: Path) -> None:
        """What a real reader does is counted; the process has the guards."""
        reader = next(one for one in readers() if one.name == "labels .txt")
        counts = fuzz_reader(reader, 60.0, 30, 0, tmp_path)
        assert (counts.inputs, counts.wrong) == (30, 0)
        assert counts.accepted + counts.refused == 30


class TestToMarkdown:
    def test_says_what_each_reader_did_and_the_sum(self) -> None:
        """A row a reader, a row for all, and a line a fault."""
        one, two = Counts(inputs=5, accepted=2, refused=2), Counts(inputs=7, refused=6, crashes=1)
        one.faults["x: KeyError: a"] = 1
        text = to_markdown({"x": one, "y": two}, 60.0)
        assert "| x | 5 | 2 | 2 | 1 | 0 | 0 | 0 |" in text
        assert "| **all** | 12 | 2 | 8 | 1 | 1 | 0 | 0 |" in text
        assert "- x: KeyError: a: 1" in text
