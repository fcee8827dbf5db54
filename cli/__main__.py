"""`python -m cli`: the same as the `bookhook` command."""

from cli.main import main

main()
