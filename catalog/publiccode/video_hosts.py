"""The platforms that offer oEmbed, the only ones the standard takes for `videos`.

From the public registry at https://oembed.com, reduced to platforms on which administrations
publish films, screencasts and talks: for each host (a leading `*.` stands for any subdomain)
how the rest of the address begins; `*` in it stands for any text. Note what the registry has
not: youtube.com without www, PeerTube, Loom, Twitch and asciinema.
"""

import re
from functools import lru_cache

_HTTPS: dict[str, tuple[str, ...]] = {
    "*.youtube.com": ("watch", "v/", "shorts", "playlist?list="),
    "youtube.com": ("playlist?list=",),
    "youtu.be": ("",),
    "vimeo.com": ("",),
    "player.vimeo.com": ("video/",),
    "www.dailymotion.com": ("video/",),
    "ted.com": ("talks/",),
    "www.ted.com": ("talks/",),
    "d.tube": ("v/",),
    "odysee.com": ("",),
    "www.facebook.com": ("",),
    "www.instagram.com": ("p/", "reel/", "tv/"),
    "www.tiktok.com": ("",),
    "twitter.com": ("",),
    "x.com": ("",),
    "livestream.com": ("*/",),
    "*.microsoftstream.com": ("video/", "channel/"),
    "*.vidyard.com": ("",),
    "*.hippovideo.io": ("",),
    "*.vids.io": ("videos/",),
    "sproutvideo.com": ("videos/",),
    "streamable.com": ("",),
    "fast.wistia.com": ("embed/iframe/", "embed/playlists/"),
    "*.wistia.com": ("medias/",),
    "www.ultimedia.com": ("default/index/videogeneric/id/",),
    "watch.wave.video": ("",),
    "embed.wave.video": ("",),
    "share.synthesia.io": ("",),
    "share.viostream.com": ("",),
    "www.dreambroker.com": ("channel/*/",),
    "console.screen9.com": ("",),
    "*.screen9.tv": ("",),
    "www.gumlet.com": ("watch/",),
    "nanoo.tv": ("link/",),
    "*.nanoo.tv": ("link/",),
    "grain.com": ("share/",),
    "media.zhdk.ch": ("signatur/",),
    "medienarchiv.zhdk.ch": ("entries/",),
    "umotion-test.univ-lemans.fr": ("video/",),
    "pod.univ-lille.fr": ("video/",),
    "pod.u-pec.fr": ("video/",),
    "mediatheque.univ-paris1.fr": ("video/",),
    "www.slideshare.net": ("*/",),
    "*.slideshare.net": ("*/",),
    "speakerdeck.com": ("*/",),
    "prezi.com": ("v/",),
    "*.prezi.com": ("v/",),
    "sway.office.com": ("",),
}
_HTTP: dict[str, tuple[str, ...]] = {
    "ted.com": ("talks/",),
    "streamable.com": ("",),
    "www.screencast.com": ("",),
    "www.kickstarter.com": ("projects/",),
    "videos.sapo.pt": ("",),
    "media.zhdk.ch": ("signatur/",),
    "*.nfb.ca": ("film/",),
    "*.ustream.tv": ("",),
    "*.vidyard.com": ("",),
    "*.hippovideo.io": ("",),
    "www.slideshare.net": ("*/",),
    "speakerdeck.com": ("*/",),
}


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    patterns = []
    for scheme, hosts in (("https", _HTTPS), ("http", _HTTP)):
        for host, beginnings in hosts.items():
            name = re.escape(host).replace(r"\*", r"[^/?#]+")
            for beginning in beginnings:
                rest = re.escape(beginning).replace(r"\*", r"[^?#]+")
                patterns.append(re.compile(f"{scheme}://{name}/{rest}"))
    return tuple(patterns)


def is_video_address(address: str) -> bool:
    """Whether a player of the address can be embedded by oEmbed."""
    return any(pattern.match(address) for pattern in _patterns())
