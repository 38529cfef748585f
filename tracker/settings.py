"""Every ``SODATE_*`` setting: its unit, its default and what it means."""

import os
import secrets
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """A setting is wrong; the message names it and what is allowed."""


class Settings(BaseSettings):
    """The settings of one process, read from the environment by ``read_settings``."""

    model_config = SettingsConfigDict(env_prefix="SODATE_", frozen=True, extra="ignore")

    env: Literal["development", "production"] = Field(
        "development",
        description="production では /inbox/ を出さず、SODATE_SECRET_KEYS と SODATE_BASE_URL を必須にする",
    )
    data: Path = Field(Path("var"), description="データを置くフォルダー")
    root: Path = Field(Path("."), description="mkdocs.yml と site/ のあるフォルダー")
    host: str = Field("127.0.0.1", description="./run が聞くアドレス")
    port: int = Field(8000, ge=1, le=65535, description="./run が聞くポート")
    base_url: str = Field(
        "", description="読者から見たこのサイトのURL（空なら http://127.0.0.1:ポート）"
    )
    database_url: str = Field(
        "", description="ストアのURL（空ならデータフォルダーの SQLite。postgresql:// も可）"
    )
    redis_url: str = Field("", description="Redis/Valkey のURL（空なら ./run が自分で起動する）")
    smtp_url: str = Field(
        "",
        description="送信サーバー smtp://user:pass@host:587（smtps:// はTLS。空ならローカルの受信箱）",
    )
    secret_keys: str = Field(
        "", description="署名の鍵。カンマ区切りで最後の鍵が署名し、前の鍵は検証だけする"
    )
    tz: str = Field("Asia/Tokyo", description="会社のタイムゾーン（IANA名）")
    day_seconds: float = Field(
        86400.0, gt=0, description="シナリオの1日の長さ（秒）。20 なら1週間が140秒で見られる"
    )
    report_to: str = Field(
        "", description="週次の診断を受け取るアドレス（カンマ区切り。空なら desk の全員）"
    )
    tracker_workers: int = Field(1, ge=1, le=32, description="トラッカーのプロセス数")
    proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="トラッカーの手前にある、信頼できるプロキシの数（Caddy だけなら 1）",
    )
    keep_readers: int = Field(
        24, ge=1, description="最後の反応から、読者の情報を残す月数（過ぎると消去する）"
    )
    keep_visits: int = Field(13, ge=1, description="アドレスと結び付かない閲覧の記録を残す月数")
    keep_consents: int = Field(36, ge=1, description="消去した読者の同意の記録を残す月数")
    link_days: int = Field(90, ge=1, description="メールのリンクがクリックとして数えられる日数")
    download_days: int = Field(14, ge=1, description="資料のリンクが有効な日数")

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"「{name}」というタイムゾーンはありません") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The firm's zone: what is shown and scheduled; what is stored is UTC."""
        return ZoneInfo(self.tz)

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def site_url(self) -> str:
        """The reader's address of this site, without a trailing slash."""
        return self.base_url.rstrip("/") or f"http://127.0.0.1:{self.port}"

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data.resolve() / 'sodate.db'}"

    @property
    def journal_path(self) -> Path:
        return self.data / "journal.db"

    @property
    def inbox_path(self) -> Path:
        """The Maildir that the local SMTP server fills and ``/inbox/`` shows."""
        return self.data / "inbox"

    @property
    def built_site(self) -> Path:
        return self.data / "build" / "site"

    @property
    def site_headers(self) -> Path:
        """JSON: the HTTP headers that every page of the built site is sent with."""
        return self.built_site.parent / "headers.json"

    @property
    def catalogue_path(self) -> Path:
        return self.data / "build" / "catalogue.json"

    @property
    def whitepapers(self) -> Path:
        return self.root / "site" / "whitepapers"

    @property
    def keys(self) -> list[str]:
        """The signing keys, oldest first.

        Outside production a key is made on first use and kept in the data folder, readable by
        its owner only. Raises ``SettingsError`` in production without keys of its own.
        """
        given = [key.strip() for key in self.secret_keys.split(",") if key.strip()]
        if given:
            if any(len(key) < 16 for key in given):
                raise SettingsError("SODATE_SECRET_KEYS の鍵は16文字以上にしてください")
            return given
        if self.production:
            raise SettingsError("production では SODATE_SECRET_KEYS を設定してください")
        return [_kept_key(self.data / "secret-key")]


def _kept_key(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.touch(mode=0o600)
    part.write_text(secrets.token_urlsafe(32), encoding="ascii")
    try:
        os.link(part, path)  # fails where another process was first: theirs is the key
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return path.read_text(encoding="ascii").strip()


def read_settings() -> Settings:
    """The settings of the environment. Raises ``SettingsError`` naming each wrong one."""
    try:
        settings = Settings()
    except ValidationError as error:
        lines = [
            f"SODATE_{str(e['loc'][0]).removeprefix('SODATE_').upper()}: {e['msg']}"
            f"（いまの値: {e['input']!r}）"
            for e in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from None
    if settings.production and not settings.base_url:
        raise SettingsError("production では SODATE_BASE_URL を設定してください")
    return settings
