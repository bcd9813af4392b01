"""Messages from handsets, e-mails that become SMS, and opened links."""
