"""The store: tables, and functions that query and change them. Each function takes an open connection."""
