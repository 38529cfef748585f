"""The catalogue's section ids against those MkDocs gives, over headings that are easy to get wrong."""

from pathlib import Path

from tests.catalogue.small_site import changed, write_site
from tests.publishing.html import read
from tracker.catalogue import Catalogue
from tracker.publishing.build import build_site
from tracker.settings import Settings

HEADINGS = """
## 見出し

## 同じ見出し
## 同じ見出し
### 同じ見出し ###

## 「かぎ」と（かっこ）、句読点。！？
## 全角　空白と Ａ１
## Mixed Case & Ampersand
## a < b > c
## `コード` と **強調** と *斜体*
## [リンク](/inquiry.md)つき
## 脚注つき[^1]
## 番号 1. と 2) と 3:4:5
## snake_case と __強い__
## 自分のid {#own}
## own
## エスケープ \\# \\* 記号
#### 深い見出し
## 深い見出し
## !?
## ~~消し~~ ==印== ^上^
## form
## HTML <em>つき</em> &amp; 実体

下線の見出し
---

下線の見出し2
=============

段落に続く
## 段落のあとの見出し
本文が続く。

```
## これは見出しではない
```

/// cta | in-the-middle
    to: /inquiry.md
    label: 相談

## CTAの中の見出し
///

{{ 差し込みでない }} と 段落のid
{#paragraph}

## paragraph

[^1]: 脚注の文。
"""


def test_section_ids_equal_those_of_the_built_page(tmp_path: Path) -> None:
    root = write_site(tmp_path, changed("site/pages/articles/good.md", "## 見出し\n", HEADINGS))
    settings = Settings(root=root, data=tmp_path / "var")
    assert build_site(settings) == []
    page = Catalogue.read(settings.catalogue_path).page_at("articles/good/")
    assert page is not None
    built = read(settings.built_site / "articles/good/index.html").sections
    assert [section.id for section in page.sections] == built
    assert len(built) == 25
