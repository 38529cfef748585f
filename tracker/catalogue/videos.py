"""A video on a page: its files below ``site/pages/videos``."""

from pydantic import Field, model_validator

from tracker.catalogue.values import Gap, Value, refuse

FOLDER = "videos"
"""Where the files of all videos lie, below ``site/pages``."""


class Video(Value):
    """What an editor declares in the front matter of a ``kind: video`` page.

    Without ``file`` the page says that the video is still to come.
    """

    id: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,60}$",
        description="動画の名前。サイト全体で1つだけ。本文の /// video | 名前 とそろえる",
    )
    file: str | None = Field(
        None,
        pattern=r"^[^/\\]+\.(mp4|webm)$",
        description="site/pages/videos にある動画（.mp4 か .webm）。まだなければ書かない",
    )
    poster: str | None = Field(
        None,
        pattern=r"^[^/\\]+\.(png|jpg|webp|svg)$",
        description="site/pages/videos にある、再生前の画像",
    )
    captions: str | None = Field(
        None, pattern=r"^[^/\\]+\.vtt$", description="site/pages/videos にある字幕（.vtt）"
    )
    minutes: int = Field(ge=1, le=600, description="長さ（分）。1分に満たなければ 1")

    @model_validator(mode="after")
    def _for_everybody(self) -> "Video":
        if self.file and not self.captions:
            refuse([Gap(("file",), "動画には字幕（captions: の .vtt）が必要です")])
        return self

    @property
    def files(self) -> dict[str, str]:
        """The files that must be there, by key."""
        named = {"file": self.file, "poster": self.poster, "captions": self.captions}
        return {key: name for key, name in named.items() if name}

    @property
    def type(self) -> str:
        """The media type of ``file``."""
        return f"video/{(self.file or '.mp4').rpartition('.')[2]}"


def address(name: str) -> str:
    """The address of one of a video's files on the site."""
    return f"/{FOLDER}/{name}"
