"""Shapes of the reasons for a message's properties and its fate."""

from .primitives import Response


class Reasons(Response):
    """The reasons for a message's sender, parts, price, fate and delivery report, in sentences.

    `texts` are the parts in which the first handset gets the message, in `encoding`; `units` is their length in septets
    or UTF-16 units. `call_id` is the traffic entry of the call that sent the message, null if there is none;
    `reply_xml` is its answer in XML, even if the call asked for JSON.
    """

    sender: str
    parts: str
    price: str
    fate: str
    delivery_report: str
    encoding: str
    units: int
    texts: list[str]
    call_id: int | None
    reply_xml: str | None
