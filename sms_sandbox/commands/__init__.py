"""Commands that talk to a running sandbox, or need none. `cli` registers them."""
