"""The ways to be wrong that take more than a line."""
