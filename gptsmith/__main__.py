"""`python -m gptsmith`: the command line, for where the script folder is not on the path."""

from gptsmith.ui.cli import main

if __name__ == "__main__":
    main()
