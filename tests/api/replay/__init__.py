"""Replaying recorded exchanges: what each of them needs beforehand, and how the replies are compared."""
