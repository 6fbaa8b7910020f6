import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.errors import StudyError
from benchmarks.grid import device
from benchmarks.grid.device import accelerators, choose_device, cores, cuda_at_hand

ROOT = Path(__file__).resolve().parents[2]


class TestCudaAtHand:
    def test_without_a_driver_torch_is_not_asked(self) -> None:
        """Importing torch takes seconds that a plan has no use for."""
        code = "import sys; from benchmarks.grid.device import cuda_at_hand; print(cuda_at_hand(()), 'torch' in sys.modules)"
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        assert run.stdout.split() == ["False", "False"]

    @pytest.mark.parametrize("answer", [True, False])
    def test_with_a_driver_torch_decides(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
        """A driver alone is no accelerator."""
        monkeypatch.setattr("torch.cuda.is_available", lambda: answer)
        assert cuda_at_hand((str(tmp_path),)) is answer


class TestChooseDevice:
    @pytest.mark.parametrize(("found", "chosen"), [(True, "cuda"), (False, "cpu")])
    def test_auto_takes_what_is_there(self, monkeypatch: pytest.MonkeyPatch, found: bool, chosen: str) -> None:
        """An accelerator where there is one."""
        monkeypatch.setattr(device, "cuda_at_hand", lambda: found)
        assert choose_device("auto") == chosen
        assert choose_device("cpu") == "cpu"

    def test_cuda_must_be_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Asking for what is not there is said at once."""
        monkeypatch.setattr(device, "cuda_at_hand", lambda: False)
        with pytest.raises(StudyError, match="Expected an accelerator for --device cuda"):
            choose_device("cuda")


class TestAccelerators:
    def test_respects_what_the_user_made_visible(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Cells are bound to the accelerators that this process may use."""
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
        assert accelerators() == ("2", "5")

    def test_counts_them_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """All of the machine's where nothing is said."""
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
        assert accelerators() == ("0", "1", "2")


class TestCores:
    def test_is_at_least_one(self) -> None:
        """There is always a core to run on."""
        assert cores() >= 1
