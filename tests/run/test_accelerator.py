"""What a GPU is asked for before a cell, and how its errors are reported. None of this needs a GPU."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks.errors import StudyError
from benchmarks.run import accelerator
from benchmarks.run.accelerator import explained, refuse_unfit, set_mode, sped_up, why_not_compiled
from benchmarks.run.cell import main
from benchmarks.run.methods import build
from benchmarks.study.presets import resolve
from benchmarks.study.settings import Settings
from tests.support.cells import arguments, only, settings_file

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def settings_of(**factors: object) -> Settings:
    """A cell as published."""
    return resolve(dataset="ped2", method="mnad", task="prediction", profile="paper", **factors)


def breaks(*_: object) -> None:
    """A compiler that is not there."""
    raise RuntimeError("Failed to find C compiler.\nInstall one.")


@pytest.mark.usefixtures("settings_of_torch")
class TestSetMode:
    @pytest.mark.parametrize(("mode", "deterministic"), [("record", True), ("fast", False)])
    def test_record_repeats_itself(self, mode: accelerator.Mode, deterministic: bool) -> None:
        """Deterministic without autotuning, or the other way round; float32 is float32 in both."""
        set_mode(mode)
        assert torch.are_deterministic_algorithms_enabled() is deterministic
        assert torch.backends.cudnn.benchmark is not deterministic
        assert torch.backends.cudnn.allow_tf32 is False


class TestRefuseUnfit:
    @pytest.fixture(autouse=True)
    def turing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A GPU without bfloat16, as far as torch says."""
        monkeypatch.setattr("torch.cuda.get_device_capability", lambda _: (7, 5))
        monkeypatch.setattr("torch.cuda.get_device_name", lambda _: "Tesla T4")

    def test_bfloat16_that_is_not_there(self) -> None:
        """The setting is named, and what to put in its place."""
        with pytest.raises(StudyError, match=r"precision=bfloat16, but Tesla T4 has 7\.5; put precision = \"float32\""):
            refuse_unfit(settings_of(), CUDA)

    def test_what_it_can_do(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """float32 runs there, everything on a CPU, and bfloat16 on what came after."""
        refuse_unfit(settings_of(precision="float32"), CUDA)
        refuse_unfit(settings_of(), CPU)
        monkeypatch.setattr("torch.cuda.get_device_capability", lambda _: (8, 0))
        refuse_unfit(settings_of(), CUDA)


class TestWhyNotCompiled:
    def test_a_compiler_that_works(self) -> None:
        """A tiny block is traced and trained, and the random state stays."""
        before = torch.get_rng_state()
        assert why_not_compiled(CPU, backend="eager") is None
        assert torch.equal(torch.get_rng_state(), before)

    def test_a_compiler_that_is_missing(self) -> None:
        """The reason is one line."""
        reason = why_not_compiled(CPU, backend=breaks)
        assert reason is not None
        assert "Failed to find C compiler" in reason
        assert "\n" not in reason


class TestSpedUp:
    def test_without_a_compiler_the_cell_runs_as_it_is_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Neither silent nor an end: the note goes into log and record."""
        monkeypatch.setattr(accelerator, "why_not_compiled", lambda _: "no compiler")
        made = build(resolve(dataset="yard", method="mnad", task="prediction", profile="smoke"), 0, CPU)
        (note,) = sped_up(made, torch.device("meta"))
        assert note.startswith("The network was not compiled, because torch.compile fails here (no compiler)")
        assert all(module._compiled_call_impl is None for module in made.network.modules())  # type: ignore[attr-defined]

    def test_a_cpu_needs_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """There nothing is compiled by torch."""
        monkeypatch.setattr(accelerator, "why_not_compiled", breaks)
        made = build(resolve(dataset="yard", method="mnad", task="prediction", profile="smoke"), 0, CPU)
        assert sped_up(made, CPU) == []


class TestExplained:
    @pytest.mark.parametrize(
        ("error", "mode", "parts"),
        [
            (
                torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
                "record",
                ("the GPU's memory", "while training", "batch=4, width=1, size=256", "JOBS=1", "PROFILE=cpu"),
            ),
            (MemoryError(), "record", ("fit into memory", "batch=4", "JOBS=1")),
            (
                RuntimeError("max_pool3d_backward does not have a deterministic implementation, but you set it"),
                "record",
                ("max_pool3d_backward", "MODE=fast"),
            ),
            (
                RuntimeError("GET was unable to find an engine to execute this computation"),
                "record",
                ("precision=bfloat16", "in the mode record", "MODE=fast", 'precision = "float32"'),
            ),
            (RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED"), "fast", ("in the mode fast", "MODE=record")),
            (
                RuntimeError("CUDA error: no kernel image is available for execution on the device\nMore."),
                "record",
                ("TORCH_INDEX=", torch.__version__),
            ),
        ],
    )
    def test_names_the_setting_and_the_remedy(self, error: Exception, mode: str, parts: tuple[str, ...]) -> None:
        """One sentence, whatever torch printed."""
        sentence = explained(error, settings_of(), mode, "train")
        assert sentence is not None
        assert "\n" not in sentence
        for part in parts:
            assert part in sentence

    def test_a_compiler_that_fails_on_the_network(self) -> None:
        """What torch's compiler raises leads to the mode that compiles nothing."""
        compiled = torch.compile(lambda value: value + 1, backend=breaks)
        with pytest.raises(Exception, match="Failed to find C compiler") as caught:
            compiled(torch.zeros(1))
        torch.compiler.reset()
        sentence = explained(caught.value, settings_of(), "fast", "train")  # type: ignore[arg-type]
        assert sentence is not None
        assert "MODE=record" in sentence

    def test_knows_its_limits(self) -> None:
        """Any other error stays a crash with a traceback in the log."""
        assert explained(RuntimeError("shapes differ"), settings_of(), "record", "train") is None

    @pytest.mark.usefixtures("settings_of_torch")
    def test_a_cell_that_runs_out_of_memory_says_so(
        self, yard: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Through the command: status 2, one sentence on stderr and in progress, the traceback in the log."""

        def full(*_: object, **__: object) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")

        monkeypatch.setattr("benchmarks.run.run_cell.train_epoch", full)
        assert main(arguments(settings_file(tmp_path), yard, tmp_path)) == 2
        sentence = capsys.readouterr().err.strip()
        assert "ran out while training with batch=4, width=0.125, size=32" in sentence
        assert json.loads(only(tmp_path, "progress.json").read_text())["error"] == sentence
        assert "Traceback" in only(tmp_path, "cell.log").read_text()
