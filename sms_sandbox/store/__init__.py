"""The one store: tables, and the questions asked of them. Each function takes an open connection."""
