import pytest

from osk_portal.toolkit import gate_domain


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("test.example", ("test.example", "")),
        ("osk-test.berlin:8443", ("osk-test.berlin", "8443")),
        ("xn--prfstand-n2a.example", ("xn--prfstand-n2a.example", "")),
    ],
)
def test_a_domain_with_or_without_a_port(text, found):
    assert gate_domain.parse(text) == found


@pytest.mark.parametrize(
    "text",
    [
        *("example", "Test.example", "https://test.example", "test.example/", "*.test.example"),
        *(".test.example", "10.0.0.1", "test.example:", "test.example:x", "test..example"),
        *("-a.example", "a" * 64 + ".example", "a." * 120 + "example", "test.example\n", ""),
    ],
)
def test_anything_else_stops_the_start(text):
    with pytest.raises(ValueError, match="must be a domain"):
        gate_domain.parse(text)
