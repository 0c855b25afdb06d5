"""The assets, one file per group (file name = group name); each is a few lines around a stage."""
