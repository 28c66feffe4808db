"""The command ``crmreport``; also ``python -m crmreport``."""

from __future__ import annotations

from crmreport.environment import collect_rarely


def main() -> None:
    """Run the command."""
    collect_rarely()  # before the rest is loaded, which makes objects that stay
    from crmreport.cli import main as command

    command(prog_name="crmreport")


if __name__ == "__main__":
    main()
