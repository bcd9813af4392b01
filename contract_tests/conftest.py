"""`pytest contract_tests` runs the suite as `python -m contract_tests` does."""

pytest_plugins = ["contract_tests.plugin"]
