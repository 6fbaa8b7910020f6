"""The one exception that is meant for the user's eyes."""


class StudyError(Exception):
    """Something the user can put right, said in one sentence: what was expected, what came, where, what to do.

    The command line prints the sentence without a traceback and exits with status 2.
    """
