"""What the operations on scenarios, and on the rules that choose them, take and answer."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from ...domain.scenarios import BY_NAME
from .rule_match import Applied, Applying

Name = Annotated[str, Meta(description="A scenario of the catalogue.", extra_json_schema={"enum": list(BY_NAME)})]


class Step(Struct):
    """What happens, and when: so many seconds after the message was sent; `says` is the status reported, or the text
    the handset writes."""

    after_seconds: float
    when: str
    does: str
    says: str


class OptionOf(Struct):
    """What an option of a scenario means, and what it is if a rule does not say."""

    meaning: str
    default: Any


class Scenario(Struct):
    """A scenario, and the numbers it happens to without any rule, in international form."""

    name: str
    summary: str
    steps: list[Step]
    numbers: list[str]
    options: dict[str, OptionOf]


class Catalogue(Struct):
    scenarios: list[Scenario]


class Options(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a rule chooses in a scenario that has such options."""

    text: str | None = None
    after_seconds: float | None = None
    status: str | None = None
    mix: dict[str, float] | None = None


class NewRule(Applying, kw_only=True):
    """A rule to add."""

    scenario: Name
    options: Options = Options()


class Rule(Applied, kw_only=True):
    """A rule, and what it does."""

    scenario: str
    options: Options


class Rules(Struct):
    rules: list[Rule]
