"""A package by name, so that no dependency that installs a package called tests is taken for it."""
