"""The methods, one file for each chapter of the reference."""
