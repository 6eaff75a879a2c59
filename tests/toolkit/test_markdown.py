import pytest

from osk_portal.toolkit.markdown import to_html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://tracker.example/p.png)",
        "<img src=x onerror=alert(1)>",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "<a href='https://x.example' onclick='x()'>x</a>",
    ],
)
def test_nothing_of_a_hostile_text_runs_or_is_fetched(hostile: str) -> None:
    html = to_html(hostile)

    assert "<script" not in html
    assert "<img" not in html
    assert "javascript:" not in html.replace("&quot;", "") or "href" not in html
    assert 'href="data:' not in html
    assert "<a href='" not in html


def test_headings_stay_below_the_page_outline() -> None:
    assert to_html("# Titel") == "<h3>Titel</h3>\n"
    assert to_html("##### Tief").startswith("<h6>")


def test_tables_lists_and_safe_links_remain() -> None:
    html = to_html("* eins\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[OSK](https://osk.example)")

    assert "<li>eins</li>" in html
    assert "<td>1</td>" in html
    assert '<a href="https://osk.example" rel="noopener noreferrer nofollow">OSK</a>' in html
