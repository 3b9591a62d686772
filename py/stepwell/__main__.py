"""The command `stepwell`, also as `python -m stepwell`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    try:
        from stepwell import cli  # noqa: PLC0415 - an interrupt during the imports is quiet too
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    cli.main()


if __name__ == "__main__":
    main()
