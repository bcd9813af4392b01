"""The loading of modules that the start leaves out."""

import gc
from importlib import import_module

from ..api.routes import load_methods
from ..domain import numbers

_GARBAGE_THRESHOLDS = (50_000, 10, 10)
"""Arguments of `gc.set_threshold`. Calls leave no cyclic garbage, so Python's default of 700 is wasted work."""


def warm_up(owns_process: bool = False) -> None:
    """Load the modules that the first calls need.

    Otherwise these calls would wait for it.
    """
    load_methods()
    import_module("aiohttp")
    numbers.to_msisdn("61491570156", numbers.find_region("Australia"))
    if owns_process:
        gc.freeze()
        gc.set_threshold(*_GARBAGE_THRESHOLDS)
