"""`python -m osk_portal.embedded`: the commands behind `make run`."""

import argparse
from pathlib import Path

from osk_portal.embedded.mailcatcher import catch_mail


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m osk_portal.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    mail = commands.add_parser("catch-mail", help="keep every mail as a file")
    mail.add_argument("port", type=int)
    mail.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    catch_mail(arguments.port, arguments.folder)


if __name__ == "__main__":
    main()
