"""The address that brings an answer by mail to its case."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from consulting.reply_address import ReplyTo, read_reply_address, reply_address

CASE = UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964ff")
OTHER_CASE = UUID("6f9619ff-8b86-4d01-b42d-00cf4fc964fe")


def made(case_id: UUID = CASE, user_id: int = 42) -> str:
    case: Any = SimpleNamespace(public_id=case_id)
    user: Any = SimpleNamespace(pk=user_id)
    return reply_address(case, user)


@pytest.fixture(autouse=True)
def address_set_up(settings: Any) -> None:
    settings.OSK_REPLY_ADDRESS = "antwort@osk.berlin.example"


def test_an_address_names_its_case_and_its_person() -> None:
    address = made()

    assert re.fullmatch(r"antwort\+[a-z2-7]{48}@osk\.berlin\.example", address)
    assert len(address.partition("@")[0]) <= 64
    assert read_reply_address(address) == ReplyTo(CASE, 42)
    assert made() == address  # the same in every mail of the case
    assert len({address, made(user_id=43), made(OTHER_CASE)}) == 3
    assert read_reply_address(made(user_id=2**32 - 1)) == ReplyTo(CASE, 2**32 - 1)


@pytest.mark.parametrize("change", [str.upper, str.title, "  {}\n".format])
def test_what_gateways_do_to_an_address_does_not_hurt(change: Any) -> None:
    assert read_reply_address(change(made())) == ReplyTo(CASE, 42)


def test_old_mails_outlive_a_new_address_and_a_rotated_key(settings: Any) -> None:
    address, key = made(), settings.SECRET_KEY
    settings.OSK_REPLY_ADDRESS = ""
    assert read_reply_address(address) == ReplyTo(CASE, 42)

    settings.SECRET_KEY = "another-key-" + "y" * 50
    assert read_reply_address(address) is None
    settings.SECRET_KEY_FALLBACKS = [key]
    assert read_reply_address(address) == ReplyTo(CASE, 42)


def test_no_forged_address_is_read() -> None:
    local, _, domain = made().partition("@")
    prefix, _, token = local.partition("+")
    for index, letter in enumerate(token):
        forged = token[:index] + ("b" if letter == "a" else "a") + token[index + 1 :]
        assert read_reply_address(f"{prefix}+{forged}@{domain}") is None
    assert (
        read_reply_address(f"{prefix}+{made(OTHER_CASE).split('+')[1][:26]}{token[26:]}@x") is None
    )


@pytest.mark.parametrize(
    "address",
    [
        "", "@", "antwort@osk.berlin.example", "antwort+@osk.berlin.example", "antwort+abc@osk.berlin.example",
        "antwort+" + "a" * 48, "antwort+" + "ä" * 48 + "@x", "antwort+" + "1" * 48 + "@x", "a" * 100_000 + "@x",
        "+" * 100_000, "antwort+" + "a" * 48 + "@x@y", "antwort+" + "a" * 48 + "@x\x00",
    ],
)  # fmt: skip
def test_other_addresses_are_none(address: str) -> None:
    assert read_reply_address(address) is None


def test_without_a_setting_there_is_no_address(settings: Any) -> None:
    settings.OSK_REPLY_ADDRESS = ""

    assert made() == ""
