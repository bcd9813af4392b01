"""Pure rules: values in, values out; no I/O, no SQL, no clock."""
