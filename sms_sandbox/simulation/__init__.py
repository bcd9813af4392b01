"""The events that happen without a call: the timeline, inbound messages, callbacks and imports."""
