"""The generated pages of the docs, written from declarations, tables and recordings, and from calls really made."""
