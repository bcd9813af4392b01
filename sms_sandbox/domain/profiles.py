"""The behaviour of the provider at different times, as far as evidence exists (reference 0.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

ProfileName: TypeAlias = Literal["seed", "vendor-2020", "legacy-2015", "live-2026", "throttle-2"]
"""Name of a profile. `seed` is the default; it follows the provider's own page on its API."""


@dataclass(frozen=True, eq=False)  # constants, compared by identity
class Profile:
    """The settings that differ between profiles."""

    page_size: int = 25
    throttle: int = 15
    tells_message: bool = True
    """True if get-sms includes the text of the message."""
    next_charge_first: bool = False
    """True if get-number has the next charge before the renewal."""
    fails_include_optouts: bool = True
    """True if RECIPIENTS_ERROR has opted-out numbers in both lists, and a reason. Numbers are JSON numbers then."""
    throttled_by_gateway: bool = False
    """True if a call over the limit gets a gateway's answer, without an error block."""
    tells_country: bool = False
    """True if add-to-list names a contact's country, and shows missing names as blanks."""
    server: str = "nginx"
    cache_control: str = "no-store, no-cache, must-revalidate"


PROFILES: Mapping[str, Profile] = {
    "seed": Profile(),
    "vendor-2020": Profile(page_size=10, fails_include_optouts=False),
    "legacy-2015": Profile(
        page_size=10,
        tells_message=False,
        next_charge_first=True,
        fails_include_optouts=False,
        server="nginx/1.1.19",
        cache_control="no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
    ),
    "live-2026": Profile(throttle=20, throttled_by_gateway=True, tells_country=True),
    "throttle-2": Profile(throttle=2),
}
"""All profiles by name."""
