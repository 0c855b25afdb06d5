"""All SQL that Python runs, and the embedded database it may run on; HTTP is in ``providers``."""
