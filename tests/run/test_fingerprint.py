"""The fingerprint changes with code that determines numbers, and with nothing else."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.errors import StudyError
from benchmarks.run import fingerprint as module
from benchmarks.run.fingerprint import code_text, fingerprint
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings

SOURCE = '''"""Module."""

import math  # why


def area(radius):
    """Docstring."""
    # A comment.
    text = "# not a comment"
    return math.pi * radius**2, text
'''


def settings_of(method: str, **factors: str) -> Settings:
    """A reconstruction cell."""
    return resolve(dataset="synthetic", method=method, task="reconstruction", profile="smoke", **factors)


class TestCodeText:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("# A comment.", "# Another comment, much longer."),
            ('"""Docstring."""', '"""One line.\n\n    More lines.\n    """'),
            ('"""Module."""\n', ""),
            ("  # why", ""),
            ("\n\n\ndef", "\n\ndef"),
        ],
    )
    def test_comments_docstrings_and_blank_lines_do_not_count(self, old: str, new: str) -> None:
        """Editing what is said about code leaves its text as it was."""
        assert old in SOURCE
        assert code_text(SOURCE.replace(old, new)) == code_text(SOURCE)

    @pytest.mark.parametrize(
        ("old", "new"),
        [("radius**2", "radius**3"), ('"# not a comment"', '"# still none"'), ("import math", "import cmath")],
    )
    def test_code_counts(self, old: str, new: str) -> None:
        """Editing code, strings that look like comments included, changes the text."""
        assert old in SOURCE
        assert code_text(SOURCE.replace(old, new)) != code_text(SOURCE)


class TestFingerprint:
    def test_holds_the_mechanisms_of_the_cell_alone(self) -> None:
        """MNAD's cell rests on MNAD's memory and not on MemAE's, and the other way round; a swap rests on both."""
        mnad = fingerprint(settings_of("mnad")).files
        memae = fingerprint(settings_of("memae")).files
        swap = fingerprint(settings_of("mnad", memory="memae")).files
        assert {"mnad/memory.py", "mnad/losses.py", "mnad/network.py", "benchmarks/run/training.py"} <= set(mnad)
        assert not [name for name in mnad if name.startswith("memae/")]
        assert {"memae/memory.py", "memae/network.py"} <= set(memae)
        assert "mnad/memory.py" not in memae
        assert {"memae/memory.py", "mnad/network.py"} <= set(swap)
        assert "mnad/memory.py" not in swap

    def test_of_a_baseline_holds_its_own_leaf_alone(self) -> None:
        """A new baseline makes no record of another one stale, nor one of the autoencoders with memory."""
        cae, convlstm = (fingerprint(settings_of(name)).files for name in ("cae", "convlstm_ae"))
        assert {"baselines/cae.py", "benchmarks/run/frame_autoencoder.py", "benchmarks/run/training.py"} <= set(cae)
        assert not [name for name in cae if name.startswith("baselines/") and name != "baselines/cae.py"]
        assert not [name for name in cae if name.startswith(("mnad/", "memae/"))]
        assert "benchmarks/run/strided_clips.py" in convlstm
        assert "benchmarks/run/strided_clips.py" not in cae
        assert not [name for name in fingerprint(settings_of("mnad")).files if "baselines" in name]

    def test_leaves_out_views_metrics_and_tables_of_names(self) -> None:
        """Reports, tracking, the engine, metrics and the lists that a new method adds a line to do not count."""
        files = fingerprint(settings_of("mnad")).files
        rooms = ("benchmarks/report", "benchmarks/track", "benchmarks/grid", "benchmarks/measure", "benchmarks/study")
        assert not [name for name in files if name.startswith(rooms)]
        assert "benchmarks/run/methods.py" not in files
        assert "benchmarks/run/parts/__init__.py" not in files

    def test_leaves_out_looks(self) -> None:
        """What is drawn for people changes no score, so it may be drawn better and records stay."""
        assert not [name for name in fingerprint(settings_of("mnad")).files if "/looks/" in name]

    def test_does_not_depend_on_values_of_settings(self) -> None:
        """Another learning rate is another cell of the same code."""
        assert fingerprint(settings_of("mnad")) == fingerprint(
            resolve(dataset="synthetic", method="mnad", task="reconstruction", profile="cpu", learning_rate=1.0)
        )


class TestEdits:
    @pytest.fixture
    def copy(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
        """A copy of the source tree that the fingerprint is taken of, and may be edited."""
        root = module._ROOT
        for package in ("benchmarks", "mnad", "memae"):
            shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
        monkeypatch.setattr(module, "_ROOT", tmp_path)
        self.forget()
        yield tmp_path
        monkeypatch.undo()
        self.forget()

    @staticmethod
    def forget() -> None:
        """Empty the caches, as a new process would begin."""
        for cached in (module._file_digest, module._tables, module._closure):
            cached.cache_clear()

    def test_edited_loss_is_another_fingerprint_and_an_edited_comment_is_not(self, copy: Path) -> None:
        """A loss counts, a comment in it and a figure do not."""
        settings = settings_of("mnad")
        before = fingerprint(settings)
        file = copy / "mnad" / "losses.py"
        file.write_text("# A remark.\n" + file.read_text())
        figure = next((copy / "benchmarks" / "report").rglob("*.py"))
        figure.write_text(figure.read_text() + "\nCOLOUR = 'red'\n")
        self.forget()
        assert fingerprint(settings) == before
        file.write_text(file.read_text().replace("_MARGIN = 1.0", "_MARGIN = 2.0"))
        self.forget()
        after = fingerprint(settings)
        assert after.digest != before.digest
        assert [name for name, value in after.files.items() if before.files[name] != value] == ["mnad/losses.py"]
        assert fingerprint(settings_of("memae")).files.get("mnad/losses.py") is None


class TestEqualNumbers:
    """The changes that `equal_numbers.toml` promises to have left all numbers equal."""

    def test_a_changed_file_counts_as_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A chain of promised changes is followed back to its first digest; an unknown digest stays."""
        monkeypatch.setattr(module, "_equal_numbers", lambda: {("a.py", "3"): "2", ("a.py", "2"): "1"})
        assert module._as_before("a.py", "3") == "1"
        assert module._as_before("a.py", "4") == "4"
        assert module._as_before("b.py", "3") == "3"

    @pytest.mark.parametrize("others", [{}, {("a.py", "4"): "2"}])
    def test_a_declared_revert_is_refused(self, monkeypatch: pytest.MonkeyPatch, others: dict[Any, str]) -> None:
        """Two entries that lead to each other end in a sentence, from wherever one comes to them, and not in a loop."""
        circle = {("a.py", "1"): "2", ("a.py", "2"): "1", ("b.py", "2"): "1"}
        monkeypatch.setattr(module, "_equal_numbers", lambda: circle | others)
        for digest in ("1", "2", *(after for _, after in others)):
            with pytest.raises(StudyError, match=r"entries of a\.py in equal_numbers\.toml .* remove its entries"):
                module._as_before("a.py", digest)
        assert module._as_before("b.py", "2") == "1"

    def test_every_promise_leads_to_a_first_digest(self) -> None:
        """No entry of the file is part of a circle: a change and its revert need no entries."""
        equal = module._equal_numbers()
        assert not {(file, module._as_before(file, after)) for file, after in equal} & set(equal)

    def test_no_promise_outlives_its_file(self) -> None:
        """Each chain ends in the code as it stands: a change of numbers after it makes the entries go."""
        equal = module._equal_numbers()
        assert equal, "without an entry the file and this test can go"
        last = {file: after for file, after in equal if (file, after) not in {(f, b) for (f, _), b in equal.items()}}
        assert set(last) == {file for file, _ in equal}
        for file, after in last.items():
            assert module._file_digest(module._ROOT / file)[:12] == after, f"remove the entries of {file}"
