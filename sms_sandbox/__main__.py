"""`python -m sms_sandbox` is `sms-sandbox`."""

from .cli import main

main(prog_name="sms-sandbox")
