"""Random inputs for a server: none of them may give a 5xx, a hang or a traceback."""
