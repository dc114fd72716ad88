"""`python -m gristmill.cli`: the same as the `gristmill` command."""

from gristmill.cli.main import main

if __name__ == "__main__":
    main()
