"""Small text files that go with a mail; they wait in the outbox row as data until it is sent."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from email.message import Message
from email.mime.text import MIMEText
from typing import Any, Final

MOST_CHARACTERS: Final = 100_000


@dataclass(frozen=True)
class Attachment:
    """``content_type``: with its parameters, "text/calendar; method=REQUEST; charset=utf-8".

    Raises ValueError for anything but text, and for a text that is too long to wait in a row.
    """

    filename: str
    content_type: str
    content: str

    def __post_init__(self) -> None:
        if not self.content_type.startswith("text/") or len(self.content) > MOST_CHARACTERS:
            raise ValueError("only a small text can go with a mail")

    def as_data(self) -> dict[str, str]:
        """For the row."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Attachment:
        return cls(data["filename"], data["content_type"], data["content"])

    def as_part(self) -> MIMEText:
        """The part of the mail. Always UTF-8, whatever ``content_type`` says."""
        header = Message()
        header["Content-Type"] = self.content_type
        part = MIMEText(self.content, header.get_content_subtype(), "utf-8")
        for name, value in header.get_params(failobj=[])[1:]:
            if name != "charset":
                part.set_param(name, value)
        part.add_header("Content-Disposition", "attachment", filename=self.filename)
        return part
