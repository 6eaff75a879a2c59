"""Who may be let in to the test environments of a cluster."""

import pytest

from osk_portal.toolkit import cluster_entry, env


@pytest.mark.parametrize(
    ("parse", "good"),
    [
        (cluster_entry.namespace, "osk-gate"),
        (cluster_entry.addresses, "10.0.0.7/32"),
        (cluster_entry.addresses, "192.168.4.16/28"),
        (cluster_entry.service, "10.96.0.25"),
    ],
)
def test_what_names_the_gate_is_taken(parse, good):
    assert parse(good) == good


@pytest.mark.parametrize(
    ("parse", "bad"),
    [
        *((cluster_entry.namespace, bad) for bad in ("default", "kube-system", "*", "A", "a" * 64)),
        *(
            (cluster_entry.addresses, bad)
            for bad in (
                "0.0.0.0/0", "10.0.0.0/8", "10.0.0.1/24", "8.8.8.8", "169.254.169.254", "127.0.0.1", "::1", "x",
            )
        ),
        *((cluster_entry.service, bad) for bad in ("osk-mail", "10.96.0.25:25", "::1")),
    ],
)  # fmt: skip
def test_what_names_others_too_is_refused(parse, bad, monkeypatch):
    with pytest.raises(ValueError, match="but must be"):
        parse(bad)


def test_one_bad_word_of_a_list_refuses_it(monkeypatch):
    monkeypatch.setenv("OSK_TEST", "10.0.0.7, 10.0.0.0/28")
    assert env.words("OSK_TEST", parse=cluster_entry.addresses, help="") == [
        "10.0.0.7",
        "10.0.0.0/28",
    ]
    monkeypatch.setenv("OSK_TEST", "10.0.0.7, 0.0.0.0/0")
    with pytest.raises(env.ImproperlyConfigured, match="OSK_TEST"):
        env.words("OSK_TEST", parse=cluster_entry.addresses, help="")
