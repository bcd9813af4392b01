"""The error of all clients. It has a module of its own, because the command line needs it before it loads a client."""


class SandboxError(Exception):
    """The sandbox refused a call, or did not answer.

    The text is the sandbox's own message. `code` is the code of the control API and `status` the HTTP status; they are
    `""` and 0 if nothing answered.
    """

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def explain_missing_library(missing: ModuleNotFoundError, what: str) -> str:
    """Return the sentence for a library that only the server needs. Raises the error if our own module is missing."""
    if (missing.name or "").startswith("sms_sandbox"):
        raise missing
    return f"{missing.name} is not installed. {what} needs the server: pip install 'sms-sandbox[server]'."
