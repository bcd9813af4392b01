"""Shapes of scenarios and of the carrier rules that choose them."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from ...domain.scenarios import BY_NAME
from .primitives import Response
from .rule_match import RuleInput, RuleState

ScenarioName = Annotated[
    str, Meta(description="A scenario of the catalogue.", extra_json_schema={"enum": list(BY_NAME)})
]


class Step(Response):
    """One event of a scenario, `after_seconds` seconds after the message was sent; `when` says that in words.

    `says` is the status that is reported, or the text that the handset writes.
    """

    after_seconds: float
    when: str
    does: str
    says: str


class ScenarioOption(Response):
    """An option of a scenario: its meaning, and its value if a rule does not give one."""

    meaning: str
    default: Any


class Scenario(Response):
    """A scenario, and the numbers it applies to without any rule. Numbers are in international form."""

    name: str
    summary: str
    steps: list[Step]
    numbers: list[str]
    options: dict[str, ScenarioOption]


class Catalogue(Response):
    """All scenarios."""

    scenarios: list[Scenario]


class RuleOptions(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Values for the options of a scenario. Each scenario says which of these it has."""

    text: str | None = None
    after_seconds: float | None = None
    status: str | None = None
    mix: dict[str, float] | None = None


class NewRule(RuleInput, kw_only=True):
    """A carrier rule to add."""

    scenario: ScenarioName
    options: RuleOptions = RuleOptions()


class Rule(RuleState, kw_only=True):
    """A carrier rule, and how often it was used."""

    scenario: str
    options: RuleOptions


class Rules(Response):
    """All carrier rules, in the order they are checked."""

    rules: list[Rule]
