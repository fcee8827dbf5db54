"""The `bookhook` command and the composition root: the only place where everything meets."""
