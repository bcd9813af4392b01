"""The imitated API: how a call is read, checked, answered and spelled."""
