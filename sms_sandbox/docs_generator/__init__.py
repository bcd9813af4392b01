"""The generator of pages in docs/, from declarations, tables, recordings and real calls."""
