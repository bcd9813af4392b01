"""What must not be printed, and how it is kept from it."""

from base64 import b64encode
from dataclasses import dataclass, field

HIDDEN = "***"


@dataclass(frozen=True)
class Credentials:
    """A key and its secret, which no representation shows."""

    key: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of an Authorization line."""
        return f"Basic {b64encode(f'{self.key}:{self.secret}'.encode()).decode()}"


class Secrets:
    """Every secret a run has met. Whatever is printed goes through `hide`."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def keep(self, credentials: Credentials) -> None:
        """Remember a key and its secret, and the line they make."""
        header = credentials.header
        self._known |= {credentials.key, credentials.secret, header, header.removeprefix("Basic ")} - {""}

    def keep_word(self, word: str) -> None:
        """Remember something else that is a secret."""
        if word:
            self._known.add(word)

    def hide(self, text: str) -> str:
        """A text without any of them, the longest first."""
        for each in sorted(self._known, key=len, reverse=True):
            text = text.replace(each, HIDDEN)
        return text

    def __repr__(self) -> str:
        return f"Secrets({len(self._known)})"
