"""The exception for the user's eyes."""

from benchmarks.errors import StudyError


class TestStudyError:
    def test_shows_control_characters_instead_of_sending_them(self) -> None:
        """A name that would clear the screen or forge a line is shown as Python writes it."""
        assert str(StudyError("Expected a frame in a\x1b[2Jb\rc, but got none.")) == (
            r"Expected a frame in a\x1b[2Jb\rc, but got none."
        )

    def test_keeps_letters_of_all_languages_and_line_breaks(self) -> None:
        """What a terminal only shows stays as it is."""
        assert str(StudyError("Größe, 動画: 1.\n2.")) == "Größe, 動画: 1.\n2."
