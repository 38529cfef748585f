"""Every ``SODATE_*`` setting: its unit, its default and what it means."""

import os
import secrets
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tracker.clicks.scanners import Scanners

NotifyTells = Literal["link", "reasons", "person"]
"""How much of a reader a chat is told."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class SettingsError(Exception):
    """A setting is wrong; the message names it and what is allowed."""


def may_be_fetched(url: str, *, production: bool) -> bool:
    """Whether the house may ask another server for ``url``: over https only, but for this very
    machine outside production."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username or parts.password:
        return False
    return parts.scheme == "https" or (
        parts.scheme == "http" and host in _LOOPBACK and not production
    )


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
    demo: bool = Field(False, description="作りものの読者の見本として動かす（./run demo が付ける）")
    smtp_connections: int = Field(
        4,
        ge=1,
        le=20,
        description="送信サーバーへ同時に開く接続の数（ワーカーごと。多いほど速く、落ちたときに「不明」になりうるのもその数まで）",
    )
    mails_a_minute: int = Field(
        0, ge=0, description="1分に送る数の上限（すべてのワーカーの合計。0 なら上限なし）"
    )
    mails_a_minute_per_domain: int = Field(
        0, ge=0, description="1つの宛先ドメインに1分に送る数の上限（0 なら上限なし）"
    )
    dkim_domain: str = Field(
        "", description="DKIM で署名するドメイン（空なら署名しない。送信サーバーが署名するなら空）"
    )
    dkim_selector: str = Field("", description="DKIM のセレクター")
    dkim_key: str = Field("", description="DKIM の秘密鍵（RSA、PEM）のファイルのパス")
    bounce_domain: str = Field(
        "",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+)?$",
        description="不達の知らせを受け取るドメイン。メールごとの返送先 b+…@ドメイン を使う（空なら送信者のアドレス）",
    )
    bounces_url: str = Field(
        "",
        description="不達の知らせが届くメールボックス。maildir:///パス か imaps://user:pass@host/INBOX（空なら読まない）",
    )
    bounce_secret: str = Field(
        "",
        description="POST /webhooks/bounce の署名の秘密（16文字以上。空なら /webhooks/bounce はない）",
    )
    sns_topics: str = Field(
        "",
        description="Amazon SES の知らせを受ける SNS トピックの ARN（カンマ区切り。空なら /webhooks/bounce/ses はない）",
    )
    sendgrid_key: str = Field(
        "",
        description="SendGrid の Signed Event Webhook の公開鍵（空なら /webhooks/bounce/sendgrid はない）",
    )
    postmark_secret: str = Field(
        "",
        description="Postmark の webhook の Basic 認証のパスワード（16文字以上。空なら /webhooks/bounce/postmark はない）",
    )
    line_channel_secret: str = Field(
        "", description="LINE のチャネルシークレット（空なら /webhooks/line はない）"
    )
    line_bot_id: str = Field(
        "",
        description="LINE のボットのユーザーID（U…）。ほかのチャネル宛ての知らせを数えない（空なら確かめない）",
    )
    line_token: str = Field(
        "", description="LINE のチャネルアクセストークン（長期。空なら LINE では送らない）"
    )
    line_basic_id: str = Field(
        "",
        pattern=r"^(@[a-z0-9_.-]{1,40})?$",
        description="LINE 公式アカウントのベーシックID（@…。友だち追加の案内に使う。空なら案内しない）",
    )
    line_api: str = Field(
        "https://api.line.me", description="LINE Messaging API のURL（試すときだけ変える）"
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
    sales_to: str = Field(
        "",
        description="営業に引き渡した読者と問い合わせの知らせ（名前入り）を受け取るアドレス（カンマ区切り。空なら SODATE_REPORT_TO、それも空ならデスクの担当者と管理者）",
    )
    deals_secret: str = Field(
        "",
        description="POST /webhooks/deals の署名の秘密（16文字以上。空なら /webhooks/deals はない）",
    )
    notify_urls: str = Field(
        "",
        description="引き渡しをチャットにも知らせる apprise の URL（空白区切り。例 slack://…、workflows://…（Teams）、jsons://…。空なら知らせない）",
    )
    notify_tells: NotifyTells = Field(
        "reasons",
        description="チャットに書くこと。link デスクへのリンクだけ / reasons 段階・点数・理由も（名前は書かない）/ person 会社名と名前も",
    )
    notify_private: bool = Field(
        False, description="true なら、社内（プライベート）のアドレスへのチャットの知らせも許す"
    )
    tracker_workers: int = Field(1, ge=1, le=32, description="トラッカーのプロセス数")
    proxies: int = Field(
        0,
        ge=0,
        le=5,
        description="トラッカーの手前にある、信頼できるプロキシの数（Caddy だけなら 1）",
    )
    scanner_networks: str = Field(
        "",
        description="メールを検査する機械だけがいる網（CIDR、カンマ区切り。確かでないものは後ろに ?）。例 192.0.2.0/24, 2001:db8::/32?",
    )
    trap_link: bool = Field(
        False,
        description="読者には見えないリンクを、ステップメールとメールマガジンに入れる（true/false）。開くのは検査する機械だけで、見分けの助けになる",
    )
    beacons_a_minute: int = Field(
        6000,
        ge=1,
        description="1つの網から1分に受け取る、読まれ方の知らせの数（トラッカーのプロセスごと。超えた分は 429）",
    )
    keep_readers: int = Field(
        24, ge=1, description="最後の反応から、読者の情報を残す月数（過ぎると消去する）"
    )
    keep_visits: int = Field(13, ge=1, description="アドレスと結び付かない閲覧の記録を残す月数")
    keep_consents: int = Field(36, ge=1, description="消去した読者の同意の記録を残す月数")
    link_days: int = Field(90, ge=1, description="メールのリンクがクリックとして数えられる日数")
    download_days: int = Field(14, ge=1, description="資料のリンクが有効な日数")
    metrics_token: str = Field(
        "",
        description="/metrics を読むための合い言葉（Bearer。空なら同じ機械か社内網から直接のときだけ答える）",
    )
    oidc_issuer: str = Field(
        "",
        description="デスクに会社のアカウントで入るための OpenID Connect の発行者（https://…。空なら使わない）",
    )
    oidc_client_id: str = Field("", description="その発行者に登録したクライアントID")
    oidc_client_secret: str = Field(
        "", description="そのクライアントの秘密（公開クライアントなら空。PKCE は必ず使う）"
    )
    oidc_label: str = Field("会社のアカウント", description="サインインのボタンに出す名前")
    oidc_domains: str = Field(
        "",
        description="招待がなくても閲覧者として入れる、メールアドレスのドメイン（カンマ区切り）",
    )

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"「{name}」というタイムゾーンはありません") from None
        return name

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, url: str, info: ValidationInfo) -> str:
        if url and not may_be_fetched(url, production=info.data.get("env") == "production"):
            raise ValueError("https:// で始まるURLにしてください")
        return url

    @field_validator("line_api")
    @classmethod
    def _safe_api(cls, url: str) -> str:
        if not may_be_fetched(url, production=False):
            raise ValueError("https:// で始まるURLにしてください")
        return url.rstrip("/")

    @field_validator("bounce_secret", "postmark_secret", "deals_secret")
    @classmethod
    def _long_secret(cls, secret: str) -> str:
        if secret and len(secret) < 16:
            raise ValueError("16文字以上にしてください")
        return secret

    @field_validator("bounces_url")
    @classmethod
    def _mailbox(cls, url: str) -> str:
        if not url:
            return url
        try:
            parts = urlsplit(url)
            port_is_one = parts.port is None or parts.port > 0
        except ValueError:
            raise ValueError("URL として読めません") from None
        folder = parts.path.startswith("/") and parts.path.strip("/")
        maildir = parts.scheme == "maildir" and not parts.netloc and folder
        imap = parts.scheme == "imaps" or (parts.scheme == "imap" and parts.hostname in _LOOPBACK)
        if not maildir and not (imap and parts.hostname and parts.username and port_is_one):
            raise ValueError(
                "maildir:///パス か imaps://user:pass@host/INBOX の形で設定してください"
            )
        return url

    @field_validator("scanner_networks")
    @classmethod
    def _networks(cls, text: str) -> str:
        Scanners.read(text)
        return text

    @property
    def scanners(self) -> Scanners:
        """The networks whose hits on mails' links are held for machines'."""
        return Scanners.read(self.scanner_networks)

    @property
    def sns_arns(self) -> frozenset[str]:
        """The SNS topics that are ours."""
        return frozenset(arn.strip() for arn in self.sns_topics.split(",") if arn.strip())

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
    dkim = (settings.dkim_domain, settings.dkim_selector, settings.dkim_key)
    if any(dkim) and not all(dkim):
        raise SettingsError(
            "SODATE_DKIM_DOMAIN、SODATE_DKIM_SELECTOR、SODATE_DKIM_KEY は、3つそろえて設定してください"
        )
    if settings.oidc_issuer and not settings.oidc_client_id:
        raise SettingsError("SODATE_OIDC_ISSUER には SODATE_OIDC_CLIENT_ID も要ります")
    return settings
