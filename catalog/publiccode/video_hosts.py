"""The video platforms that offer oEmbed, the only ones the standard takes for `videos`.

From the public registry at https://oembed.com, reduced to platforms for moving pictures: for
each host (a leading `*.` stands for any subdomain) how the rest of the address begins. `*` in
it stands for any text. Photo, audio and slide services of that registry are left out on
purpose: what they hold is no video.
"""

import re
from functools import lru_cache

# host → beginnings of path and query; https unless the host is in _PLAIN_HTTP_TOO.
_BEGINNINGS: dict[str, tuple[str, ...]] = {
    "*.youtube.com": ("watch", "v/", "shorts", "embed/", "live", "playlist?list="),
    "youtube.com": ("watch", "v/", "shorts", "embed/", "live", "playlist?list="),
    "youtu.be": ("",),
    "vimeo.com": ("",),
    "player.vimeo.com": ("video/",),
    "www.dailymotion.com": ("video/",),
    "geo.dailymotion.com": ("player.html?video=",),
    "ted.com": ("talks/",),
    "www.ted.com": ("talks/",),
    "d.tube": ("v/",),
    "www.facebook.com": ("*/videos/", "video.php?id=", "video.php?v="),
    "livestream.com": ("*/",),
    "*.microsoftstream.com": ("video/", "channel/"),
    "*.hippovideo.io": ("",),
    "www.kickstarter.com": ("projects/",),
    "umotion.univ-lemans.fr": ("video/",),
    "pod.univ-lille.fr": ("video/",),
    "mediatheque.univ-paris1.fr": ("video/",),
    "pod.u-pec.fr": ("video/",),
    "media.zhdk.ch": ("signatur/",),
    "sproutvideo.com": ("videos/",),
    "*.vids.io": ("videos/",),
    "streamable.com": ("",),
    "www.tiktok.com": ("*/video/",),
    "fast.wistia.com": ("embed/iframe/", "embed/playlists/"),
    "*.wistia.com": ("medias/",),
    "www.loom.com": ("share/",),
    "loom.com": ("share/", "i/"),
    "clips.twitch.tv": ("",),
    "www.twitch.tv": ("",),
    "twitch.tv": ("",),
    "odysee.com": ("",),
    "rumble.com": ("",),
    "www.screencast.com": ("",),
    "www.nfb.ca": ("film/",),
    "videos.sapo.pt": ("",),
    "www.ustream.tv": ("",),
    "*.ustream.tv": ("",),
    "video.ibm.com": ("",),
    "www.wevideo.com": ("view/",),
    "asciinema.org": ("a/",),
    "play.vidyard.com": ("",),
    "share.vidyard.com": ("watch/",),
    "www.ultimedia.com": ("default/index/videogeneric/id/", "central/video/edit/id/"),
    "*.video.crowdsignal.net": ("",),
    "videopress.com": ("v/", "embed/"),
    "*.viewbix.com": ("",),
    "*.vooplayer.com": ("",),
    "watch.wave.video": ("",),
    "embed.wave.video": ("",),
}
_PLAIN_HTTP_TOO = frozenset(
    {
        "*.hippovideo.io",
        "media.zhdk.ch",
        "streamable.com",
        "ted.com",
        "videos.sapo.pt",
        "www.kickstarter.com",
        "www.screencast.com",
        "*.ustream.tv",
    }
)


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    patterns = []
    for host, beginnings in _BEGINNINGS.items():
        scheme = "https?" if host in _PLAIN_HTTP_TOO else "https"
        name = re.escape(host).replace(r"\*", r"[^/?#]*")
        for beginning in beginnings:
            rest = re.escape(beginning).replace(r"\*", r"[^?#]*")
            patterns.append(re.compile(f"{scheme}://{name}/{rest}"))
    return tuple(patterns)


def is_video_address(address: str) -> bool:
    """Whether a player of the address can be embedded by oEmbed."""
    return any(pattern.match(address) for pattern in _patterns())
