"""The code that records share: benchmarks/report/read/shared_code.py."""

from benchmarks.report.read.shared_code import shared_code


class TestSharedCode:
    def test_holds_what_all_have_in_each_ones_version(self) -> None:
        """Another version of a shared module tells records apart; a module that only one has does not."""
        one, same, other = shared_code(
            [{"loop.py": "1", "own.py": "a"}, {"loop.py": "1", "none.py": "b"}, {"loop.py": "2", "own.py": "a"}]
        )
        assert one == same
        assert one != other

    def test_a_module_that_moved_is_itself(self) -> None:
        """Equal code at two places pairs; code that changed before or after the move does not."""
        before, after = {"loop.py": "1", "net.py": "n"}, {"run/loop.py": "1", "net.py": "n"}
        edited = {"run/loop.py": "2", "net.py": "n"}
        one, same, other = shared_code([before, after, edited])
        assert one == same
        assert other != one
        assert other.keys() == one.keys()

    def test_of_nothing_is_nothing(self) -> None:
        """No records share no code."""
        assert shared_code([]) == []
