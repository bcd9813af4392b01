"""The report: the story of a tenant as one HTML file that needs nothing else."""
