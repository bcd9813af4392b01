"""The imitated API: it reads calls, checks them, and renders the answers."""
