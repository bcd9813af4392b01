"""`python -m contract_tests.diff`: the suite against a fresh sandbox and against ENDPOINT, and where they differ."""
