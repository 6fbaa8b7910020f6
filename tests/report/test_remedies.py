from benchmarks.report.claims import read_claims
from benchmarks.report.remedies import remedies
from benchmarks.report.verdict import judge_all


class TestRemedies:
    def test_names_a_study_or_the_cells(self) -> None:
        """Cells of a study file get its command; cells that no file holds are named by their settings."""
        found = {
            (one.claim.id, one.group.dataset): remedies(one)
            for one in judge_all([claim for claim in read_claims() if claim.id in ("C2", "C3")], [])
        }
        assert found["C2", "ped2"] == ["`make reproduce-ped2 SEEDS=3`"]
        assert all("shanghaitech" in line for line in found["C3", "shanghaitech"])
