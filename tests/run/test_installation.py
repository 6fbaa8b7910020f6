from pathlib import Path

import numpy as np
import pytest

from benchmarks.faults.artefacts import write_tiny_set
from benchmarks.run import installation as module
from benchmarks.run.installation import installation


class TestInstallation:
    def test_code_is_what_a_run_imports(self) -> None:
        """Leaves and harness, without the views of records."""
        code = installation(None, None)["code"]
        assert {"mnad/memory.py", "benchmarks/run/training.py", "benchmarks/run/equal_numbers.toml"} <= set(code)
        assert not any(name.startswith(("benchmarks/report", "benchmarks/studies")) for name in code)

    def test_ends_of_lines_do_not_count(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A checkout on another system has the same code; a changed line is other code."""
        file = tmp_path / "mnad" / "memory.py"
        file.parent.mkdir()
        monkeypatch.setattr(module, "_ROOT", tmp_path)
        found = []
        for text in (b"a = 1\n", b"a = 1\r\n", b"a = 2\n"):
            file.write_bytes(text)
            found.append(installation(None, None)["code"])
        assert found[0] == found[1] != found[2]

    def test_frames_and_labels_make_the_datas_digest(self, tmp_path: Path) -> None:
        """A copy elsewhere has the same; one changed label or file has not."""
        digests = []
        for name, change in (("a", ""), ("b", ""), ("c", "test/01.txt"), ("d", "train/01/000.png")):
            write_tiny_set(tmp_path / name)
            if change.endswith("txt"):
                (tmp_path / name / "tiny" / change).write_text("0\n" * 5 + "1\n" * 7)
            elif change:
                import cv2

                cv2.imwrite(str(tmp_path / name / "tiny" / change), np.zeros((48, 64), np.uint8))
            digests.append(installation("tiny", tmp_path / name)["data"])
        assert digests[0] == digests[1]
        assert len(set(digests)) == 3

    def test_no_data_is_a_sentence(self, tmp_path: Path) -> None:
        """That of the reader."""
        assert "there is none" in installation("tiny", tmp_path / "none")["no_data"]
