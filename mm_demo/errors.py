"""The one kind of error that people see."""


class UserError(ValueError):
    """A mistake the person can mend; its text is one plain sentence that says what to do.

    The command line prints it on one line and exits with status 2; the app shows it where the answer would stand.
    """
