"""`python -m modelwizard` is the command `modelwizard`."""

from modelwizard.cli import main

if __name__ == "__main__":
    main()
