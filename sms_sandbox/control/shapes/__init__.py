"""The wire types of the control API. The server, the command line and the Python client share them.

They need neither the store nor a web framework, so that a client loads quickly.
"""
