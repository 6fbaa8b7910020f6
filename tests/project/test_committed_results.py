"""What of the results is in git: small enough to clone, without pictures of single settings."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST = 45_000_000
OF_ONE_SETTING = ("curves-", "timeline-", "usage-", "video-")


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """Files below results/ that git knows; skipped outside a clone."""
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "results"], capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout:
        pytest.skip("not a clone with results")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).exists()]


def test_small_enough_to_clone(committed: list[Path]) -> None:
    """Records, tables and figures together stay below 45 MB."""
    assert sum(path.stat().st_size for path in committed) < MOST


def test_no_picture_of_a_single_setting(committed: list[Path]) -> None:
    """Losses, use of the memory, scores over time and videos of one setting are drawn on request, not committed."""
    assert not [path.name for path in committed if path.name.startswith(OF_ONE_SETTING)]
