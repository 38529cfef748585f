"""A video's player: the site's own file, with captions, and nothing loaded before it is played."""

from markupsafe import Markup

from tracker.catalogue.videos import Video, address


def player(video: Video, title: str) -> Markup:
    """The player of ``video``; without a file, that it is still to come."""
    if video.file is None or video.captions is None:
        return Markup('<p class="sodate-video__none">動画は準備中です。</p>')
    poster = Markup(' poster="{}"').format(address(video.poster)) if video.poster else ""
    return Markup(
        '<video controls preload="none" playsinline data-video="{id}" aria-label="{title}"{poster}>'
        '<source src="{file}" type="{type}">'
        '<track kind="captions" srclang="ja" label="日本語" src="{captions}" default>'
        '<a href="{file}">動画を開く</a>'
        "</video>"
    ).format(
        id=video.id,
        title=title,
        poster=poster,
        file=address(video.file),
        type=video.type,
        captions=address(video.captions),
    )
