"""The fingerprint changes with code that determines numbers, and with nothing else."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.run import fingerprint as module
from benchmarks.run.fingerprint import fingerprint
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings


def settings_of(method: str, **factors: str) -> Settings:
    """A reconstruction cell."""
    return resolve(dataset="synthetic", method=method, task="reconstruction", profile="smoke", **factors)


class TestFingerprint:
    def test_holds_the_mechanisms_of_the_cell_alone(self) -> None:
        """MNAD's cell rests on MNAD's memory and not on MemAE's, and the other way round; a swap rests on both."""
        mnad = fingerprint(settings_of("mnad")).modules
        memae = fingerprint(settings_of("memae")).modules
        swap = fingerprint(settings_of("mnad", memory="memae")).modules
        assert {"mnad/memory.py", "mnad/losses.py", "mnad/network.py", "benchmarks/run/training.py"} <= set(mnad)
        assert not [name for name in mnad if name.startswith("memae/")]
        assert {"memae/memory.py", "memae/network.py"} <= set(memae)
        assert "mnad/memory.py" not in memae
        assert {"memae/memory.py", "mnad/network.py"} <= set(swap)
        assert "mnad/memory.py" not in swap

    def test_of_a_baseline_holds_its_own_leaf_alone(self) -> None:
        """A new baseline makes no record of another one stale, nor one of the autoencoders with memory."""
        cae, convlstm = (fingerprint(settings_of(name)).modules for name in ("cae", "convlstm_ae"))
        assert {"baselines/cae.py", "benchmarks/run/frame_autoencoder.py", "benchmarks/run/training.py"} <= set(cae)
        assert not [name for name in cae if name.startswith("baselines/") and name != "baselines/cae.py"]
        assert not [name for name in cae if name.startswith(("mnad/", "memae/"))]
        assert {"baselines/convlstm_ae.py", "baselines/regularity.py"} <= set(convlstm)
        assert not [name for name in fingerprint(settings_of("mnad")).modules if "baselines" in name]

    def test_leaves_out_views_metrics_and_tables_of_names(self) -> None:
        """Reports, tracking, the engine, metrics and the lists that a new method adds a line to do not count."""
        files = fingerprint(settings_of("mnad")).modules
        rooms = ("benchmarks/report", "benchmarks/track", "benchmarks/grid", "benchmarks/measure", "benchmarks/study")
        assert not [name for name in files if name.startswith(rooms)]
        assert "benchmarks/run/methods.py" not in files
        assert "benchmarks/run/parts/__init__.py" not in files

    def test_leaves_out_inspections(self) -> None:
        """What is drawn for people changes no score, so it may be drawn better and records stay."""
        assert not [name for name in fingerprint(settings_of("mnad")).modules if "/inspect/" in name]

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
        for package in ("benchmarks", "mnad", "memae", "baselines"):
            shutil.copytree(root / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
        monkeypatch.setattr(module, "_ROOT", tmp_path)
        self.forget()
        yield tmp_path
        monkeypatch.undo()
        self.forget()

    @staticmethod
    def forget() -> None:
        """Empty the caches, as a new process would begin."""
        for cached in (module._file_digest, module._closure):
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
        assert [name for name, value in after.modules.items() if before.modules[name] != value] == ["mnad/losses.py"]
        assert fingerprint(settings_of("memae")).modules.get("mnad/losses.py") is None

    @staticmethod
    def move(copy: Path, old: str, new: str) -> None:
        """Move a module and name its new place wherever the old one was named, as an editor does."""
        source, target = (copy.joinpath(*name.split(".")).with_suffix(".py") for name in (old, new))
        target.parent.mkdir(parents=True, exist_ok=True)
        source.rename(target)
        parent, name = old.rsplit(".", 1)
        new_parent, new_name = new.rsplit(".", 1)
        for path in copy.rglob("*.py"):
            text = path.read_text()
            text = re.sub(rf"\b{re.escape(old)}\b", new, text)
            text = re.sub(
                rf"from {re.escape(parent)} import {name}\b", f"from {new_parent} import {new_name} as {name}", text
            )
            path.write_text(text)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("benchmarks.run.folding", "benchmarks.run.deep.batch_norm_folding"),
            ("benchmarks.run.streams", "benchmarks.run.aaa"),
            ("mnad.supervision", "mnad.guidance"),
            ("benchmarks.run.fast", "benchmarks.quick"),
            ("benchmarks.run.training", "benchmarks.run.learning"),
        ],
    )
    def test_a_moved_module_leaves_every_cell_as_it_was(
        self, copy: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
    ) -> None:
        """A new name or folder, imports adjusted, is the same code; what the fingerprint itself names is adjusted too."""
        settings = [settings_of("mnad"), settings_of("memae"), settings_of("cae")]
        before = [fingerprint(one, mode) for one in settings for mode in ("record", "fast")]
        self.move(copy, old, new)
        for name in ("_ROOTS", "_FAST"):
            value = getattr(module, name)
            moved = (
                tuple(new if one == old else one for one in value)
                if isinstance(value, tuple)
                else value.replace(old, new)
            )
            monkeypatch.setattr(module, name, moved)
        self.forget()
        after = [fingerprint(one, mode) for one in settings for mode in ("record", "fast")]
        assert [one.digest for one in after] == [one.digest for one in before]
        place = f"{new.replace('.', '/')}.py"
        assert any(place in one.modules for one in after)

    def test_a_package_of_its_own_is_found(self, copy: Path) -> None:
        """A memory in a new top-level folder counts, though no list names the folder; another cell does not rest on it."""
        part = copy / "benchmarks" / "run" / "parts" / "memory_mnad.py"
        others = [settings_of("memae"), settings_of("mnad", memory="none")]
        unmoved = [fingerprint(one) for one in others]
        (copy / "topk").mkdir()
        (copy / "topk" / "memory.py").write_text("ITEMS = 10\n")
        part.write_text(part.read_text() + "\nfrom topk import memory as topk_memory\nfrom topk.memory import ITEMS\n")
        self.forget()
        before = fingerprint(settings_of("mnad"))
        assert "topk/memory.py" in before.modules
        (copy / "topk" / "memory.py").write_text("ITEMS = 11\n")
        self.forget()
        after = fingerprint(settings_of("mnad"))
        assert [name for name in after.modules if after.modules[name] != before.modules[name]] == ["topk/memory.py"]
        assert after.digest != before.digest
        assert [fingerprint(one) for one in others] == unmoved

    def test_relative_imports_are_followed(self, copy: Path) -> None:
        """A leaf that a module reaches by dots counts as one that it names in full."""
        losses = copy / "mnad" / "losses.py"
        (copy / "mnad" / "margin.py").write_text("MARGIN = 1.0\n")
        losses.write_text(losses.read_text() + "\nfrom .margin import MARGIN\n")
        self.forget()
        assert "mnad/margin.py" in fingerprint(settings_of("mnad")).modules

    def test_a_start_that_is_not_there_is_refused(self, copy: Path) -> None:
        """Training moved without its name corrected: a fingerprint without it would call every record good."""
        (copy / "benchmarks" / "run" / "training.py").rename(copy / "benchmarks" / "run" / "learning.py")
        self.forget()
        with pytest.raises(StudyError, match=r"Expected the module benchmarks\.run\.training.* correct its name"):
            fingerprint(settings_of("mnad"))


class TestEqualNumbers:
    """The changes that `equal_numbers.toml` promises to have left all numbers equal."""

    def test_a_changed_module_counts_as_it_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A chain of promised changes is followed back to its first digest; an unknown digest stays."""
        monkeypatch.setattr(module, "_equal_numbers", lambda: {"3": "2", "2": "1"})
        assert [module._as_before(digest) for digest in "1234"] == ["1", "1", "1", "4"]

    @pytest.mark.parametrize("others", [{}, {"4": "2"}])
    def test_a_declared_revert_is_refused(self, monkeypatch: pytest.MonkeyPatch, others: dict[str, str]) -> None:
        """Two entries that lead to each other end in a sentence, from wherever one comes to them, and not in a loop."""
        monkeypatch.setattr(module, "_equal_numbers", lambda: {"1": "2", "2": "1"} | others)
        for digest in ("1", "2", *others):
            with pytest.raises(StudyError, match=r"entries of equal_numbers\.toml .* remove its entries"):
                module._as_before(digest)

    def test_a_promise_holds_in_the_whole_digest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A module that says something else counts as the one before it, in the digest of all and in its own."""
        now = fingerprint(settings_of("mnad"))
        losses = now.modules["mnad/losses.py"]
        equal = module._equal_numbers() | {losses: "0" * 12}
        monkeypatch.setattr(module, "_equal_numbers", lambda: equal)
        as_before = fingerprint(settings_of("mnad"))
        assert as_before.modules == now.modules | {"mnad/losses.py": "0" * 12}
        assert as_before.digest != now.digest

    def test_every_promise_leads_to_code_as_it_stands(self) -> None:
        """Each chain has a first digest and ends in a module of today: a change of numbers after it makes the entries go."""
        equal = module._equal_numbers()
        assert not {module._as_before(after) for after in equal} & set(equal)
        last = set(equal) - set(equal.values())
        today = (
            {module._file_digest(path) for path in module._ROOT.rglob("*.py") if ".venv" not in path.parts}
            if last
            else set()
        )
        assert last <= today, "remove the entries of what has changed since"


class TestRecords:
    """The records that the project holds."""

    def test_are_all_of_todays_code(self) -> None:
        """Whatever form their fingerprint has, no committed record is stale; else its cells are to be run again."""
        paths = sorted((module._ROOT / "results" / "runs").rglob("seed-*.json"))
        if not paths:
            pytest.skip("a checkout without records")
        stale = []
        for path in paths:
            content = json.loads(path.read_text())
            if not module.made_by_todays_code(content, Settings.from_dict(content["settings"])):
                stale.append(path)
        assert stale == []
