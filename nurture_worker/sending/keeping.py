"""Keeps what each mail said, so that "what exactly did she get" has an answer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from nurture_worker.letters.bodies import Letter
from nurture_worker.letters.template import Addressee, Fill, Frame, Template, bare, fill_of
from nurture_worker.tools import Tools
from tracker.store import letters
from tracker.store.deliveries import Delivery


@dataclass(frozen=True)
class Source:
    """The editor's file a letter is made from, and the hash of its words; for one that the house
    writes, what it is, and no hash."""

    path: str
    hash: str


@dataclass(frozen=True)
class Kept:
    """What is remembered of one mail: the letter, and what was filled in with plain links."""

    template: Template
    source: Source
    catalogue: str
    own: Fill


def source_hash(*words: str) -> str:
    return sha256("\n".join(words).encode()).hexdigest()


def kept_of(
    tools: Tools, template: Template, source: Source, reader: Addressee, diagnosis: str | None
) -> Kept:
    """What to keep of a mail, its links as plain addresses of the site."""
    site = tools.settings.site_url
    plain = fill_of(
        template,
        reader,
        lambda _place, target: target if "://" in target else f"{site}/{target}",
        diagnosis,
        tools.catalogue,
    )
    own = {name: value for name, value in plain.values.items() if not name.startswith("link")}
    return Kept(template, source, tools.catalogue.hash, Fill(own, plain.parts))


def kept_alone(tools: Tools, letter: Letter, frame: Frame, what: str) -> Kept:
    """What to keep of a letter that nobody else gets: ``what`` it is, in words."""
    made, own = bare(letter, frame)
    return Kept(made, Source(what, ""), tools.catalogue.hash, own)


def keep_each(
    connection: Connection,
    mails: Sequence[tuple[Delivery, Kept]],
    now: datetime,
    known: Collection[str] = (),
) -> None:
    """In the transaction in which the mails are handed over; ``known`` are the hashes of templates
    that are kept already."""
    fresh = {kept.template.hash: kept for _, kept in mails if kept.template.hash not in known}
    if fresh:
        letters.keep_templates(
            connection,
            [
                {
                    "hash": own,
                    "source": kept.source.path,
                    "source_hash": kept.source.hash,
                    "subject": kept.template.subject.text,
                    "text": kept.template.text.text,
                    "html": kept.template.html.text,
                    "targets": list(kept.template.targets),
                    "first_used": now,
                }
                for own, kept in fresh.items()
            ],
        )
    letters.keep_each(
        connection,
        [
            {
                "delivery_id": delivery.id,
                "reader_id": delivery.reader_id,
                "template": kept.template.hash,
                "catalogue": kept.catalogue,
                "at": now,
                "own": {"values": dict(kept.own.values), "parts": dict(kept.own.parts)},
            }
            for delivery, kept in mails
        ],
    )
