"""Callbacks: their queue, their attempts, and the faults on them."""
