"""Mutators: functions that change calls, answers or callbacks on their way through the proxy."""
