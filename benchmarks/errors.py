"""The one exception that is meant for the user's eyes."""


class StudyError(Exception):
    """Something the user can put right, said in one sentence: what was expected, what came, where, what to do.

    The command line prints the sentence without a traceback and exits with status 2. Control characters of names and files
    are shown as Python writes them, wherever the sentence goes.
    """

    def __str__(self) -> str:
        return printable_lines(super().__str__())


def printable_lines(text: str) -> str:
    """Return text with its line breaks and without what moves a terminal's cursor or colours it."""
    return "".join(one if one.isprintable() or one == "\n" else repr(one)[1:-1] for one in text)
