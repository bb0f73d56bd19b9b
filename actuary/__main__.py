"""`python -m actuary` is the command line."""

from actuary.cli import main

if __name__ == "__main__":
    main()
