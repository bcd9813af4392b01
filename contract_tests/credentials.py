"""Keys and secrets, and how they are kept out of every output."""

from base64 import b64encode
from dataclasses import dataclass, field

MASK = "***"


@dataclass(frozen=True)
class Credentials:
    """A key and its secret. `repr` shows neither."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def header(self) -> str:
        """Return the value of an Authorization header."""
        return f"Basic {b64encode(f'{self.key}:{self.secret}'.encode()).decode()}"


class Secrets:
    """All secrets that a run has seen. Every output goes through `hide`."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def keep(self, credentials: Credentials) -> None:
        """Remember a key, its secret and their Authorization header."""
        header = credentials.header
        self._known |= {credentials.key, credentials.secret, header, header.removeprefix("Basic ")} - {""}

    def keep_word(self, word: str) -> None:
        """Remember another secret. A blank one is ignored."""
        if word:
            self._known.add(word)

    def hide(self, text: str) -> str:
        """Replace all secrets in a text, the longest first."""
        for secret in sorted(self._known, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def __repr__(self) -> str:
        return f"Secrets({len(self._known)})"
