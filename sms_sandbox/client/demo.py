"""The demo: a story of a shop and its customers, told through the API, to look around in.

Every call of the shop is a real one, and time is moved between them, so it reads like a few days of an app. The same
server version tells the same story, with the same ids and times.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..control.shapes.clock import Clock
from ..control.shapes.messages import Messages, Recipients
from ..control.shapes.receivers import Receiver
from ..control.shapes.server_info import ServerInfo
from ..domain.merge import SHORT_LINK, TRACKED_HOST, UNSUBSCRIBE_HOST
from .control import Client

OWN_NUMBER = "61491570112"
CODES, BOOKINGS, LEAVER, TRAVELLER = "61491570156", "61491570157", "61491570158", "61491570159"
LATE, PHONE_OFF, GONE, CHATTY, FLICKERING = (
    "61491571266", "61491571804", "61491572665", "61491578888", "61491573770",
)  # fmt: skip
"""Handsets. The last five are magic numbers, with scenarios of their own."""

CLUB = (CODES, TRAVELLER, "61491571491", "61491576398", PHONE_OFF, "61491579212")
_SUBURBS = ("Carlton", "Fitzroy", "Richmond", "Carlton", "Brunswick", "Fitzroy")

_OLD_SECRET = "last-years"  # noqa: S105 (it opens nothing)

DOWN = {"status": 503, "body": "The order service is being deployed."}
"""The answer of the part of the shop's app that is out of order."""


def tell_story(where: ServerInfo) -> bool:
    """Fill the default tenant of a server with the story. Return False if it has messages already.

    The shop's app is the built-in receiver. Raises SandboxError.
    """
    with _connect(where) as client:
        if client.read(Messages, "GET", "/messages", max=1).messages:
            return False
        client.control("POST", "/clock/freeze")
        story = _Story(client)
        story.begin()
        story.monday()
        story.tuesday()
        story.wednesday()
        client.control("POST", "/clock/resume")
    return True


@contextmanager
def _connect(where: ServerInfo) -> Iterator[Client]:
    client = Client(where)
    try:
        yield client
    finally:
        client.close_connections()


class _Story:
    """The shop's calls and its customers' messages, day by day."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._wrong = Client(replace(client.where, secret=_OLD_SECRET), client)
        self._start = self._now = self._shown = client.read(Clock, "GET", "/clock").now

    def begin(self) -> None:
        """Prepare the account: callback URLs, a keyword, and a registered sender."""
        paths = {"dlr_url": "reports", "reply_url": "replies", "link_hits_url": "clicks"}
        urls = {setting: self._app_url(name) for setting, name in paths.items()}
        self._client.control("PUT", "/receivers/orders", DOWN)
        self._client.control("PATCH", "/account", urls)
        self._client.control("PUT", "/sender-ids/BikeShop")
        self._call("get-balance")
        self._call(
            "add-keyword", keyword="HOURS", number=OWN_NUMBER, reference="Opening hours",
            welcome_message="Bike shop: open 8 to 6, Saturdays 9 to 1. Closed on Sundays.",
        )  # fmt: skip

    def monday(self) -> None:
        """Tell the first day: a code, a booking, questions, refused calls, bounces, and an app that is gone."""
        self._go_to(hours=0, minutes=5)
        self._send(CODES, "Bike shop: your code is 482913. It expires in 10 minutes.")
        self._go_to(hours=0, minutes=40)
        self._send(BOOKINGS, "Your bike is booked in for a service tomorrow at 9:30. Reply YES to confirm.")
        self._wait(minutes=4)
        self._write(BOOKINGS, "YES")
        self._send(BOOKINGS, "Thanks. See you tomorrow at 9:30.")
        self._wait(minutes=11)
        self._write(BOOKINGS, "Can I drop it off at 8 instead?")
        self._wait(minutes=2)
        self._send(BOOKINGS, "Yes, we open at 8. Just ring the bell \u263a")
        self._go_to(hours=1, minutes=30)
        self._call("send-sms", to=CODES, mesage="Your parts are here.")
        self._send(CODES, "Your parts are here.", from_="BikeShop")
        self._go_to(hours=2)
        self._send(LATE, "Your repair is ready to collect.")
        self._send(GONE, "Your repair is ready to collect.")
        self._send(PHONE_OFF, "Your repair is ready to collect. We close at 6.")
        self._go_to(hours=3, minutes=20)
        self._write(TRAVELLER, "hours", to=OWN_NUMBER)
        self._wait(minutes=1)
        self._write(TRAVELLER, "Do you rent out touring bikes?", to=OWN_NUMBER)
        self._wait(minutes=6)
        self._send(
            TRAVELLER,
            "We do. A touring bike with two panniers and a pump is 45 dollars a day or 210 dollars a week, with a "
            "deposit of 300 dollars. Bring a photo ID. Call us to reserve one.",
        )
        self._go_to(hours=5)
        self._advance()
        self._wrong.call("send-sms", to=CODES, message="Your parts are here.")
        self._send(CHATTY, "Shall we remind you when your next service is due? Reply YES or NO.")
        self._send(BOOKINGS, "Your bike is on the stand.", dlr_callback="http://localhost:1/last-years-app")

    def tuesday(self) -> None:
        """Tell the second day: a campaign to a list, clicks, opt-outs, and an app that is down."""
        self._go_to(days=1)
        list_id = self._call("add-list", name="Riders club", field_1="Suburb")["id"]
        for number, suburb in zip(CLUB, _SUBURBS, strict=True):
            self._call("add-to-list", list_id=list_id, msisdn=number, field_1=suburb)
        self._go_to(days=1, minutes=30)
        campaign = self._call(
            "send-sms", list_id=list_id, tracked_link_url="https://shop.example/autumn",
            message="Autumn sale: 20% off lights for riders in [Suburb]. [tracked-link] No more: [unsub-reply-link]",
        )["message_id"]  # fmt: skip
        self._wait(minutes=3)
        self._tap(campaign, CODES, TRACKED_HOST)
        self._wait(minutes=2)
        self._tap(campaign, TRAVELLER, UNSUBSCRIBE_HOST)
        self._go_to(days=1, hours=1)
        self._send(LEAVER, "Autumn sale: 20% off all lights until Sunday. Reply STOP to opt out.")
        self._wait(minutes=1)
        self._write(LEAVER, "STOP")
        self._wait(minutes=30)
        self._call("send-sms", to=LEAVER, message="Last chance: 20% off all lights.")
        self._go_to(days=1, hours=2)
        self._client.control(
            "POST",
            "/faults",
            {"on": "callback", "event": "dlr", "callback": "drop", "match": {"to": CODES}, "count": 2},
        )
        self._send(CODES, "Order 1042 is paid. We build it this week.")
        self._send(BOOKINGS, "Order 1043 is paid. We build it this week.", dlr_callback=self._app_url("orders"))
        self._go_to(days=1, hours=4)
        self._send(FLICKERING, "Your wheel is true again. Collect it until 6.")
        self._call("send-sms", to=CODES, message="We open again.", from_="NOCREDIT")

    def wednesday(self) -> None:
        """Tell the last day: a scheduled message, a cancelled one, and the second factor of a login."""
        self._go_to(days=2)
        self._send(BOOKINGS, "How was your service? Reply with a number from 1 to 5.", send_at=self._time(days=3))
        cancelled = self._send(CODES, "We are closed tomorrow.", send_at=self._time(days=2, hours=8))
        self._call("cancel-sms", id=cancelled)
        self._go_to(days=2, minutes=45)
        self._send(CODES, "Bike shop: 730156 is your code to sign in. Never share it.")
        self._wait(minutes=2)
        self._send(CODES, "Order 1042 is ready. Track it: https://shop.example/orders/1042")
        self._wait(minutes=5)
        self._write(CODES, "Great, thanks!")
        self._call("get-balance")
        self._wait(seconds=30)
        self._advance()

    def _app_url(self, name: str) -> str:
        return self._client.read(Receiver, "GET", f"/receivers/{name}").url

    def _send(self, to: str, message: str, **more: str) -> int:
        return int(self._call("send-sms", to=to, message=message, **more).get("message_id", 0))

    def _call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method. A second passes, so that no throttle stops the story."""
        self._advance()
        reply = self._client.call(method, **params)
        self._wait(seconds=1)
        return reply

    def _write(self, number: str, text: str, to: str | None = None) -> None:
        """Send a text from a handset. The second after it is for the callback."""
        self._advance()
        body = {"from": number, "text": text} | ({"to": to} if to else {})
        self._client.control("POST", "/inbound", body)
        self._wait(seconds=1)

    def _tap(self, message: int, number: str, host: str) -> None:
        """Open the link to a host in a handset's copy of a message."""
        self._advance()
        answer = self._client.read(Recipients, "GET", "/recipients", message=message, msisdn=number)
        links = (match[0] for match in re.finditer(SHORT_LINK, answer.recipients[0].text))
        self._client.open_link(next(link for link in links if link.startswith(host)))
        self._wait(seconds=1)

    def _wait(self, **span: float) -> None:
        self._now += timedelta(**span)

    def _go_to(self, **since_start: float) -> None:
        self._now = self._start + timedelta(**since_start)

    def _advance(self) -> None:
        """Move the clock to where the story is. One step for all waits, as each is an entry of the traffic."""
        if self._now > self._shown:
            self._client.control("POST", "/clock/advance", {"to": self._now.isoformat()})
            self._shown = self._now

    def _time(self, **since_start: float) -> str:
        """Return a time of the story as the API takes it."""
        return f"{self._start + timedelta(**since_start):%Y-%m-%d %H:%M:%S}"
