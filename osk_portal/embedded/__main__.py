"""`python -m osk_portal.embedded`: the commands behind `make run`."""

import argparse
import sys
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m osk_portal.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the portal and stay until Ctrl-C")
    steps = commands.add_parser("prepare", help="migrate, compile texts, collect static files")
    steps.add_argument("--demo", type=Path, metavar="MARKER", help="load the demo world once")
    mail = commands.add_parser("catch-mail", help="keep every mail as a file")
    mail.add_argument("port", type=int)
    mail.add_argument("folder", type=Path)
    arguments = parser.parse_args()

    # Each command imports only its own part: Django takes a second.
    if arguments.command == "run":
        from osk_portal.embedded.supervisor import run

        return run()
    if arguments.command == "prepare":
        from osk_portal.embedded.prepare import prepare

        prepare(arguments.demo)
        return 0
    from osk_portal.embedded.mailcatcher import catch_mail

    catch_mail(arguments.port, arguments.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
