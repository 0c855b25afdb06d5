"""What of the command line needs Dagster or the simulators, and how output is printed."""
