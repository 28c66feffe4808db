"""The command ``crmreport``; also ``python -m crmreport``."""

from __future__ import annotations

import gc

from crmreport.environment import collect_rarely


def main() -> None:
    """Run the command."""
    collect_rarely()  # before the rest is loaded, which makes objects that stay
    from crmreport.cli import main as command

    try:
        command(prog_name="crmreport")
    finally:
        gc.freeze()  # nobody needs the garbage that Python would look for once more in the end


if __name__ == "__main__":
    main()
