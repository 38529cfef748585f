"""The smallest site without a problem, written to disk, for tests to spoil."""

from pathlib import Path

FILES: dict[str, str] = {
    "mkdocs.yml": """\
site_name: ためし
site_url: http://127.0.0.1:8000/
docs_dir: site/pages
site_dir: var/build/site
theme: {name: material, language: ja, font: false}
plugins: [sodate]
validation:
  nav: {omitted_files: ignore}
  links: {absolute_links: relative_to_docs, anchors: warn}
markdown_extensions:
  - attr_list
  - footnotes
  - md_in_html
  - tables
  - toc: {slugify: !!python/name:markdown.extensions.toc.slugify_unicode }
  - pymdownx.betterem
  - pymdownx.superfences
  - tracker.publishing.blocks
""",
    "site/firm.yml": """\
name: 株式会社ためし
postal_address: 〒100-0000 東京都ためし区1-1
contact: contact@example.jp
sender_name: ためし編集部
sender_address: tayori@example.jp
reply_to: henji@example.jp
consent:
  version: "1"
  mail: ためし編集部からのご案内を受け取ります。
""",
    "site/scoring.yml": """\
half_life_days: 30
hot_at: 50
points:
  - {id: view, event: page_view, points: 1}
  - {id: case-view, event: page_view, points: 3, stages: [understanding]}
stages:
  needed: 3
  weights:
    page_view: 1
""",
    "site/personas/owner.md": """\
---
name: 社長
worry: 問い合わせが来ない
---

従業員20名の会社です。
""",
    "site/whitepapers/guide.pdf": "%PDF-1.4 for the test",
    "site/whitepapers/guide.md": "---\ntitle: ガイド\n---\n\n本文。\n",
    "site/pages/index.md": """\
---
title: ホーム
kind: page
---

# ホーム

/// stage-pages | awareness
///
""",
    "site/pages/articles/good.md": """\
---
title: よい記事
description: ためしの記事
kind: article
stage: awareness
personas: [owner]
published: 2026-11-04
next: [/resources/guide.md]
---

# よい記事

本文。

## 見出し

[資料](/resources/guide.md#form)と[ここ](#見出し)。

/// cta | guide-in-good
    to: /resources/guide.md
    label: ガイドを見る

くわしくは**ガイド**へ。
///
""",
    "site/pages/resources/guide.md": """\
---
title: ガイド
kind: resource
stage: interest
gate:
  id: guide
  file: guide.pdf
---

# ガイド

/// gate | guide
///
""",
    "site/pages/diagnosis.md": """\
---
title: 診断
kind: diagnosis
stage: interest
diagnosis:
  id: check
  themes:
    - {id: path, label: 導線, change: 道をつなぐ}
    - {id: cta, label: CTA, change: 誘いを直す}
  questions:
    - id: one
      theme: path
      text: 続きがありますか
      options: [{text: はい, points: 1}, {text: いいえ, points: 0}]
    - id: two
      theme: cta
      text: 誘いがありますか
      options: [{text: はい, points: 1}, {text: いいえ, points: 0}]
  bands:
    - {at_least: 0, label: これから, text: まずガイドを, stage: interest, to: /resources/guide.md, button: ガイドを見る}
---

# 診断

/// diagnosis | check
///
""",
    "site/pages/inquiry.md": """\
---
title: 問い合わせ
kind: inquiry
stage: trust
---

# 問い合わせ

/// inquiry | contact
///
""",
    "site/scenarios/interest/1-hello.md": """\
---
day: 1
subject: はじめまして
---

{{ name }} 様

[記事](/articles/good.md)をどうぞ。

{{ diagnosis }}
""",
}


def write_site(root: Path, changes: dict[str, str | bytes | None] | None = None) -> Path:
    """Write the small site below ``root``, with files replaced, added or (``None``) left out."""
    files: dict[str, str | bytes | None] = {**FILES, **(changes or {})}
    for name, content in files.items():
        if content is None:
            continue
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def changed(name: str, old: str, new: str) -> dict[str, str | bytes | None]:
    """One file of the small site with ``old`` replaced by ``new``."""
    assert FILES[name].count(old) == 1, (name, old)
    return {name: FILES[name].replace(old, new)}
