"""The operation that returns a report."""

from ..declare import Call, HtmlPage, operation
from .contents import gather
from .page import read_style, render


@operation("GET", "/report")
def read_report(call: Call) -> HtmlPage:
    """Return the story of the tenant as one HTML file that needs nothing else.

    It is made to be attached to a bug or a CI job, and has the handsets with their conversations, the calls, the
    callback attempts and the clock, the newest of each.
    """
    name = f"sms-sandbox-{call.tenant.name}.html"
    return HtmlPage(render(gather(call)), {
        "content-security-policy": f"{read_style().policy}; frame-ancestors 'none'",
        "content-disposition": f'inline; filename="{name}"',
    })  # fmt: skip
