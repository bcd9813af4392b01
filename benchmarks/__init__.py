"""What the sandbox costs: each figure beside that of something simpler, measured in the same run. `make bench`."""
