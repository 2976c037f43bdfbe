"""The one exception that is meant for the user's eyes."""


class UserError(Exception):
    """Something the user can mend: a wrong config key, corpus line, model directory, download.

    The message is one clear line that names the file, line or config path, says what is
    wrong and what to do. Rule scripts print it without a traceback and exit with 1.
    """
