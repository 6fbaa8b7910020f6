"""The handling of tests on real data: skipped with a reason, or required."""

from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
INI = '[tool.pytest.ini_options]\nmarkers = ["data: reads real data"]\n'


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A suite of its own with our conftest, one plain test and one on data; DATA_ROOT unset."""
    monkeypatch.delenv("DATA_ROOT", raising=False)
    pytester.makepyprojecttoml(INI)
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile("""
        import os, pytest
        def test_plain(): pass
        @pytest.mark.data
        def test_data(data_root): assert str(data_root) == os.environ["DATA_ROOT"] and data_root.is_absolute()
    """)
    return pytester


class TestDataMarker:
    """Tests marked `data`."""

    def test_skip_where_data_root_is_unset(self, suite: pytest.Pytester) -> None:
        """A run without data passes and says what to set."""
        result = suite.runpytest_inprocess("-rs")
        result.assert_outcomes(passed=1, skipped=1)
        result.stdout.fnmatch_lines(["*set DATA_ROOT to the folder*"])

    def test_run_where_it_is_set(self, suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        """A relative DATA_ROOT reaches tests and their children as an absolute folder."""
        suite.mkdir("sets")
        monkeypatch.setenv("DATA_ROOT", "sets")
        suite.runpytest_inprocess("--require-data").assert_outcomes(passed=2)

    def test_a_missing_folder_is_refused(self, suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        """A DATA_ROOT with a slip of the pen does not turn into skips."""
        monkeypatch.setenv("DATA_ROOT", "stes")
        result = suite.runpytest_inprocess()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*DATA_ROOT should be a folder*stes*"])


class TestRequireData:
    """--require-data."""

    def test_refuses_an_unset_data_root(self, suite: pytest.Pytester) -> None:
        """Without data it does not begin."""
        assert suite.runpytest_inprocess("--require-data").ret == pytest.ExitCode.USAGE_ERROR

    def test_fails_a_data_test_that_skips_itself(self, suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        """A skip in the body, by a mark or in a fixture is a failure; a plain test may still skip."""
        monkeypatch.setenv("DATA_ROOT", ".")
        suite.makepyfile("""
            import pytest
            @pytest.fixture
            def missing(): pytest.skip("no avenue here")
            def test_plain(missing): pass
            @pytest.mark.data
            def test_passes(): pass
            @pytest.mark.data
            def test_body(): pytest.skip("no avenue here")
            @pytest.mark.data
            @pytest.mark.skip
            def test_mark(): pass
            @pytest.mark.data
            def test_fixture(missing): pass
        """)
        # A failure while a test is set up or skipped by a mark counts as an error.
        suite.runpytest_inprocess("--require-data").assert_outcomes(passed=1, skipped=1, failed=1, errors=2)

    def test_fails_where_no_data_test_ran(self, suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        """Leaving the data tests out is not a way around them."""
        monkeypatch.setenv("DATA_ROOT", ".")
        result = suite.runpytest_inprocess("--require-data", "-k", "plain")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["*no data test ran and passed*"])
