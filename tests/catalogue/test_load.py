"""What editors get told: the file, the line, what is wrong and what is allowed."""

import json
import re
from pathlib import Path

import pytest

from tests.catalogue.small_site import FILES, changed, write_site
from tracker.catalogue import Catalogue
from tracker.catalogue.ctas import CtaOptions
from tracker.catalogue.documents import pattern_words
from tracker.catalogue.firm import Firm
from tracker.catalogue.load import load
from tracker.catalogue.pages import PageFront
from tracker.catalogue.personas import PersonaFront
from tracker.catalogue.scenarios import StepFront
from tracker.catalogue.scoring import Scoring
from tracker.words import Stage

GOOD = "site/pages/articles/good.md"
GUIDE = "site/pages/resources/guide.md"
DIAGNOSIS = "site/pages/diagnosis.md"
STEP = "site/scenarios/interest/1-hello.md"
FIRM = "site/firm.yml"
SCORING = "site/scoring.yml"

CTA = "/// cta | guide-in-good\n    to: /resources/guide.md\n    label: ガイドを見る\n"


def problems(root: Path, changes: dict[str, str | bytes | None]) -> list[str]:
    return [str(problem) for problem in load(write_site(root, changes))[1]]


BAD: dict[str, tuple[dict[str, str | bytes | None], list[str]]] = {
    # Front matter
    "no front matter": (
        {GOOD: "# よい記事\n"},
        [f"{GOOD}:1: front matter がありません"],
    ),
    "front matter not closed": (
        {GOOD: "---\ntitle: よい記事\nkind: page\n"},
        [f"{GOOD}:1: front matter を閉じる --- の行がありません"],
    ),
    "colon in a value": (
        changed(GOOD, "title: よい記事", "title: 要点: よい記事"),
        [f'{GOOD}:2:10: YAMLとして読めません: 値の中に「: 」があるときは、値を "…" で囲みます'],
    ),
    "tab": (
        changed(GUIDE, "  id: guide", "\tid: guide"),
        [f"{GUIDE}:6:1: YAMLとして読めません: タブは使えません。"],
    ),
    "full-width colon": (
        changed(GOOD, "stage: awareness", "stage：awareness"),
        [f"{GOOD}:5:6: 全角の「：」があります"],
    ),
    "list not closed": (
        changed(GOOD, "[owner]", "[owner"),
        [f"{GOOD}:7:10: YAMLとして読めません: [ … ] が閉じられていません"],
    ),
    "front matter is a list": (
        {GOOD: "---\n- a\n---\n\n本文\n"},
        [f"{GOOD}:2:1: 「キー: 値」の形で書いてください"],
    ),
    "control character": (
        changed(GOOD, "description: ためし", "description: \x01ためし"),
        [f"{GOOD}:3: YAMLに使えない制御文字があります"],
    ),
    "key twice": (
        changed(GOOD, "description: ためしの記事", "title: べつの題"),
        [f"{GOOD}:3:1: キー「title」が2回書かれています（1回目は2行目）"],
    ),
    "key missing": (
        changed(GOOD, "title: よい記事\n", ""),
        [f"{GOOD}:1: 「title」がありません"],
    ),
    "title empty": (
        changed(GOOD, "title: よい記事", 'title: ""'),
        [f"{GOOD}:2:8: 「title」が空です（1文字以上）"],
    ),
    "title a number": (
        changed(GOOD, "title: よい記事", "title: 2026"),
        [f'{GOOD}:2:8: title「2026」は文字列にしてください。数字や日付は "…" で囲みます'],
    ),
    "key unknown": (
        changed(GOOD, "description:", "desription:"),
        [
            f"{GOOD}:3:1: キー「desription」は使えません（もしかして: description。使えるキー: title,"
        ],
    ),
    "stage unknown": (
        changed(GOOD, "stage: awareness", "stage: intrest"),
        [
            f"{GOOD}:5:8: stage「intrest」は使えません（もしかして: interest。"
            "使える値: awareness, interest, understanding, trust）"
        ],
    ),
    "stage in Japanese": (
        changed(GOOD, "stage: awareness", "stage: 理解"),
        [f"{GOOD}:5:8: stage「理解」は使えません（もしかして: understanding。"],
    ),
    "kind unknown": (
        changed(GOOD, "kind: article", "kind: artcle"),
        [f"{GOOD}:4:7: kind「artcle」は使えません（もしかして: article。使える値: article, case,"],
    ),
    "article without stage": (
        changed(GOOD, "stage: awareness\n", ""),
        [f"{GOOD}:4:7: kind: article のページには stage が必要です（使える値: awareness,"],
    ),
    "gate on an article": (
        changed(GOOD, "stage: awareness\n", "stage: awareness\ngate: {id: x, file: guide.pdf}\n"),
        [
            f"{GOOD}:6:7: gate は kind: resource のページだけに書けます（このページは kind: article）"
        ],
    ),
    "resource without gate": (
        changed(GUIDE, "gate:\n  id: guide\n  file: guide.pdf\n", ""),
        [
            f"{GUIDE}:3:7: kind: resource のページには gate が必要です",
        ],
    ),
    "persona unknown": (
        changed(GOOD, "[owner]", "[owner, onwer]"),
        [f"{GOOD}:6:19: persona「onwer」は使えません（もしかして: owner。使える値: owner）"],
    ),
    "personas not a list": (
        changed(GOOD, "[owner]", "owner"),
        [f"{GOOD}:6:11: personas「owner」は一覧で書いてください（例: [a, b]）"],
    ),
    "no such day": (
        changed(GOOD, "2026-11-04", "2026-13-40"),
        [f"{GOOD}:7:12: 「2026-13-40」は日付として読めません（例: 2026-11-04）"],
    ),
    "published in words": (
        changed(GOOD, "2026-11-04", "来週"),
        [f"{GOOD}:7:12: published「来週」は日付として読めません（例: 2026-11-04）"],
    ),
    "next to nowhere": (
        changed(GOOD, "next: [/resources/guide.md]", "next: [/resources/gide.md]"),
        [
            f"{GOOD}:8:8: ページ「/resources/gide.md」がありません"
            "（もしかして: /resources/guide.md）"
        ],
    ),
    "next is relative": (
        changed(GOOD, "next: [/resources/guide.md]", "next: [guide.md]"),
        [f"{GOOD}:8:8: 「guide.md」は / で始まるページのパスにします"],
    ),
    "next to itself": (
        changed(GOOD, "next: [/resources/guide.md]", "next: [/articles/good.md]"),
        [f"{GOOD}:8:8: next「/articles/good.md」はこのページ自身です"],
    ),
    "no text": (
        {"site/pages/about.md": "---\ntitle: 会社\nkind: page\n---\n\n"},
        ["site/pages/about.md:6: 本文がありません"],
    ),
    # Gates
    "whitepaper missing": (
        changed(GUIDE, "guide.pdf", "gide.pdf"),
        [f"{GUIDE}:7:9: 資料「gide.pdf」が site/whitepapers にありません（使える値: guide.pdf）"],
    ),
    "gate id twice": (
        {"site/pages/resources/other.md": FILES[GUIDE]},
        [
            "site/pages/resources/other.md:6:7: gateのid「guide」は"
            f"{GUIDE}:6でも使われています（サイト全体で1つだけ）"
        ],
    ),
    "gate id with a space": (
        changed(GUIDE, "  id: guide", "  id: the guide"),
        [
            f"{GUIDE}:6:7: id「the guide」は使えません（半角の小文字・数字・ハイフンで61文字まで）",
        ],
    ),
    "gate field unknown": (
        changed(GUIDE, "  file: guide.pdf", "  file: guide.pdf\n  fields: [name, mail]"),
        [f"{GUIDE}:8:11: 項目「mail」は知られていません"],
    ),
    "gate of another page": (
        changed(GUIDE, "/// gate | guide", "/// gate | gide"),
        [
            f"{GUIDE}:12:1: gate「gide」はこのページのものではありません（使える値: guide）",
        ],
    ),
    "resource without its form": (
        changed(GUIDE, "/// gate | guide\n///\n", "申し込みはこちら。\n"),
        [
            f"{GUIDE}:5:1: 本文にフォームを置く場所がありません"
            "（/// gate | guide と /// の2行を書きます）",
            f"{GOOD}:17:1: 「/resources/guide.md」に見出し「#form」がありません",
        ],
    ),
    "form twice": (
        changed(
            GUIDE, "/// gate | guide\n///\n", "/// gate | guide\n///\n\n/// gate | guide\n///\n"
        ),
        [f"{GUIDE}:15:1: /// gate は1ページに1つだけです（12行目にもあります）"],
    ),
    "text in a form block": (
        changed(GUIDE, "/// gate | guide\n", "/// gate | guide\n\nここに文。\n"),
        [f"{GUIDE}:12:1: /// gate の中には何も書けません"],
    ),
    "published whitepaper": (
        {"site/pages/files/guide.pdf": "%PDF"},
        ["site/pages/files/guide.pdf:1: site/whitepapers の資料と同じ名前です。"],
    ),
    # CTAs and other blocks
    "CTA to nowhere": (
        changed(GOOD, "    to: /resources/guide.md", "    to: /resources/none.md"),
        [f"{GOOD}:20:9: ページ「/resources/none.md」がありません"],
    ),
    "CTA to an anchor that is not there": (
        changed(GOOD, "    to: /resources/guide.md", "    to: /resources/guide.md#from"),
        [f"{GOOD}:20:9: 「/resources/guide.md」に見出し「#from」がありません（もしかして: #form）"],
    ),
    "CTA id twice": (
        {"site/pages/articles/other.md": FILES[GOOD]},
        [
            "site/pages/articles/other.md:19:1: CTAのid「guide-in-good」は"
            f"{GOOD}:19でも使われています"
        ],
    ),
    "CTA without id": (
        changed(GOOD, "/// cta | guide-in-good", "/// cta"),
        [f"{GOOD}:19:1: /// cta のあとに「| id」がありません"],
    ),
    "CTA id in Japanese": (
        changed(GOOD, "/// cta | guide-in-good", "/// cta | ガイド"),
        [f"{GOOD}:19:1: /// cta のid「ガイド」は使えません（半角の小文字・数字・ハイフン）"],
    ),
    "CTA option unknown": (
        changed(GOOD, "    label: ガイドを見る", "    lable: ガイドを見る"),
        [
            f"{GOOD}:19: 「label」がありません",
            f"{GOOD}:21:5: キー「lable」は使えません（もしかして: label。使えるキー: to, label, aim）",
        ],
    ),
    "CTA aims at no stage": (
        changed(GOOD, "    label: ガイドを見る", "    label: ガイドを見る\n    aim: trast"),
        [f"{GOOD}:22:10: aim「trast」は使えません（もしかして: trust。"],
    ),
    "CTA without options": (
        changed(GOOD, CTA, "/// cta | guide-in-good\n"),
        [f"{GOOD}:19:1: CTAには to と label が必要です"],
    ),
    "CTA options indented too little": (
        changed(GOOD, CTA, CTA.replace("    ", "  ")),
        [
            f"{GOOD}:19:1: CTAには to と label が必要です",
            f"{GOOD}:20:3: オプションの行は /// のすぐ下に、半角の空白4つで字下げし",
        ],
    ),
    "block misspelt": (
        changed(GOOD, "/// cta | guide-in-good", "/// ctaa | guide-in-good"),
        [f"{GOOD}:19:1: ブロック「ctaa」は使えません（もしかして: cta。使えるブロック: cta, gate,"],
    ),
    "block not closed": (
        {GOOD: FILES[GOOD].rsplit("///\n", 1)[0]},
        [f"{GOOD}:19:1: /// cta が閉じられていません（/// だけの行で閉じます）"],
    ),
    "block closed by another": (
        changed(GOOD, "くわしくは", "/// stage-pages | trust\n///\n\nくわしくは"),
        [
            f"{GOOD}:19:1: /// cta が閉じられていません",
            f"{GOOD}:27:1: 閉じる /// に対応する始まりがありません",
        ],
    ),
    "block closed with four slashes": (
        changed(GOOD, "へ。\n///\n", "へ。\n////\n"),
        [f"{GOOD}:24:1: / の数が始まり（///、19行目）と違います"],
    ),
    "end without a beginning": (
        changed(GOOD, "本文。\n", "本文。\n\n///\n"),
        [f"{GOOD}:15:1: 閉じる /// に対応する始まりがありません"],
    ),
    "block with a full-width bar": (
        changed(GOOD, "/// cta | guide-in-good", "/// cta ｜ guide-in-good"),
        [f"{GOOD}:19:1: ブロックとして読めない行です", f"{GOOD}:24:1: 閉じる ///"],
    ),
    "block with two slashes": (
        changed(GOOD, "/// cta | guide-in-good", "// cta | guide-in-good"),
        [f"{GOOD}:19:1: ブロックとして読めない行です", f"{GOOD}:24:1: 閉じる ///"],
    ),
    "pages of no stage": (
        changed("site/pages/index.md", "| awareness", "| awarenes"),
        ["site/pages/index.md:8:1: stage「awarenes」は使えません（もしかして: awareness。"],
    ),
    # Links
    "link to nowhere": (
        changed(GOOD, "[ここ](#見出し)", "[ここ](/articles/goood.md)"),
        [
            f"{GOOD}:17:32: ページ「/articles/goood.md」がありません"
            "（もしかして: /articles/good.md）"
        ],
    ),
    "relative link to nowhere": (
        changed(GOOD, "[ここ](#見出し)", "[ここ](../guide.md)"),
        [f"{GOOD}:17:32: ページ「/guide.md」がありません（もしかして: /resources/guide.md）"],
    ),
    "link to no heading": (
        changed(GOOD, "[ここ](#見出し)", "[ここ](#見出)"),
        [
            f"{GOOD}:17:32: 「/articles/good.md」に見出し「#見出」がありません（もしかして: #見出し）"
        ],
    ),
    "link to no heading elsewhere": (
        changed(GOOD, "[ここ](#見出し)", "[ここ](/inquiry.md#none)"),
        [f"{GOOD}:17:32: 「/inquiry.md」に見出し「#none」がありません"],
    ),
    "link by address": (
        changed(GOOD, "[ここ](#見出し)", "[ここ](/resources/guide/)"),
        [
            f"{GOOD}:17:32: リンク「/resources/guide/」は .md のパスで書きます（もしかして: /resources/guide.md）"
        ],
    ),
    "link to a script": (
        changed(GOOD, "[ここ](#見出し)", "[ここ](javascript:alert`1`)"),
        [f"{GOOD}:17:32: リンク「javascript:alert"],
    ),
    "link without target": (
        changed(GOOD, "[ここ](#見出し)", "[ここ]()"),
        [f"{GOOD}:17:32: リンクの行き先がありません"],
    ),
    "HTML link to Markdown": (
        changed(GOOD, "[ここ](#見出し)", '<a href="/inquiry.md">ここ</a>'),
        [f"{GOOD}:17:32: HTMLの中の「/inquiry.md」はリンクになりません"],
    ),
    "picture missing": (
        changed(GOOD, "[ここ](#見出し)", "![図](/images/a.png)"),
        [f"{GOOD}:17:32: 画像先のファイル「/images/a.png」がありません"],
    ),
    "picture without words": (
        changed(GOOD, "[ここ](#見出し)", "![](/images/a.png)"),
        [f"{GOOD}:17:32: 画像「/images/a.png」に説明（alt）がありません"],
    ),
    "picture without words by reference": (
        changed(GOOD, "[ここ](#見出し)", "![][a]。\n\n[a]: /inquiry.md\n\nここ"),
        [f"{GOOD}:17:32: 画像「a」に説明（alt）がありません（![説明](…)）"],
    ),
    "HTML picture without words": (
        changed(GOOD, "[ここ](#見出し)", '<img src="/images/a.png">'),
        [f'{GOOD}:17:32: 画像「/images/a.png」に説明（alt）がありません（alt="説明"。飾りなら'],
    ),
    "picture of another site": (
        changed(GOOD, "[ここ](#見出し)", "![図](https://cdn.example.com/a.png)"),
        [f"{GOOD}:17:32: よそのサイトの画像は使えません"],
    ),
    "menu": (
        {"mkdocs.yml": FILES["mkdocs.yml"] + "nav:\n  - 話: [index.md, articles/god.md]\n"},
        [
            f"mkdocs.yml:{FILES['mkdocs.yml'].count(chr(10)) + 2}:19: "
            "navのページ「/articles/god.md」がありません（もしかして: /articles/good.md）"
        ],
    ),
    "fence not closed": (
        changed(GOOD, "本文。\n", "本文。\n\n```\nコード\n"),
        [f"{GOOD}:15:1: コードの囲み ``` が閉じられていません"],
    ),
    "comment not closed": (
        changed(GOOD, "本文。\n", "本文。<!-- あとで\n"),
        [f"{GOOD}:13:4: コメント <!-- が --> で閉じられていません"],
    ),
    # The diagnosis
    "question of no theme": (
        changed(DIAGNOSIS, "      theme: path", "      theme: pth"),
        [
            f"{DIAGNOSIS}:8:12: theme「path」の質問がありません",
            f"{DIAGNOSIS}:12:14: theme「pth」は themes にありません（使える値: path, cta）",
        ],
    ),
    "band to nowhere": (
        changed(DIAGNOSIS, "to: /resources/guide.md", "to: /resources/none.md"),
        [f"{DIAGNOSIS}:20:69: ページ「/resources/none.md」がありません"],
    ),
    "no band from zero": (
        changed(DIAGNOSIS, "at_least: 0", "at_least: 10"),
        [f"{DIAGNOSIS}:19:3: bands には at_least: 0 のものが必要です"],
    ),
    "points out of range": (
        changed(
            DIAGNOSIS,
            "text: 誘いがありますか\n      options: [{text: はい, points: 1}",
            "text: 誘いがありますか\n      options: [{text: はい, points: 101}",
        ),
        [
            f"{DIAGNOSIS}:18:36: points「101」は範囲の外です（100以下にしてください）",
        ],
    ),
    # Scenarios
    "day zero": (
        changed(STEP, "day: 1", "day: 0"),
        [f"{STEP}:2:6: day「0」は範囲の外です（1以上にしてください）"],
    ),
    "day 400": (
        changed(STEP, "day: 1", "day: 400"),
        [f"{STEP}:2:6: day「400」は範囲の外です（365以下にしてください）"],
    ),
    "day in words": (
        changed(STEP, "day: 1", "day: soon"),
        [f"{STEP}:2:6: day「soon」は整数にしてください"],
    ),
    "day and name disagree": (
        changed(STEP, "day: 1", "day: 3"),
        [f"{STEP}:2:6: day: 3 とファイル名の1日目が違います"],
    ),
    "two steps of a day": (
        {"site/scenarios/interest/1-other.md": FILES[STEP]},
        [f"site/scenarios/interest/1-other.md:2:6: 1日目は{STEP}にもあります"],
    ),
    "two steps of a name": (
        {"site/scenarios/interest/3-hello.md": FILES[STEP].replace("day: 1", "day: 3")},
        [f"site/scenarios/interest/3-hello.md:1: 名前「hello」のステップは{STEP}にもあります"],
    ),
    "step without a day in its name": (
        {"site/scenarios/interest/hello.md": FILES[STEP]},
        ["site/scenarios/interest/hello.md:1: ファイル名は「日-名前.md」にします"],
    ),
    "folder of no stage": (
        {"site/scenarios/intrest/1-hello.md": FILES[STEP]},
        [
            "site/scenarios/intrest:1: シナリオのフォルダー「intrest」は使えません（もしかして: interest。"
        ],
    ),
    "placeholder unknown": (
        changed(STEP, "{{ name }}", "{{ nama }}"),
        [
            f"{STEP}:6:1: 差し込み「nama」は使えません（もしかして: name。使える値: name, company, diagnosis）"
        ],
    ),
    "diagnosis within a sentence": (
        changed(STEP, "{{ diagnosis }}", "結果は {{ diagnosis }} です。"),
        [f"{STEP}:10:5: {{{{ diagnosis }}}} は前後を空行にして、1行だけで書きます"],
    ),
    "mail links to nowhere": (
        changed(STEP, "/articles/good.md", "/articles/god.md"),
        [f"{STEP}:8:1: ページ「/articles/god.md」がありません（もしかして: /articles/good.md）"],
    ),
    "mail with a relative link": (
        changed(STEP, "/articles/good.md", "good.md"),
        [f"{STEP}:8:1: リンク「good.md」は / で始めます"],
    ),
    "block in a mail": (
        changed(STEP, "{{ diagnosis }}", "/// stage-pages | trust\n///"),
        [f"{STEP}:10:1: /// stage-pages はメールには書けません"],
    ),
    "subject too long": (
        changed(STEP, "subject: はじめまして", f"subject: {'長' * 81}"),
        [f"{STEP}:3:10: 「subject」が長すぎます（81文字。80文字まで）"],
    ),
    # Settings of the site
    "no firm": (
        {FIRM: None},
        [f"{FIRM}:1: ファイルがありません（必要なキー: name, postal_address,"],
    ),
    "firm without address": (
        changed(FIRM, "postal_address: 〒100-0000 東京都ためし区1-1\n", ""),
        [f"{FIRM}:1: 「postal_address」がありません"],
    ),
    "consent without wording": (
        changed(FIRM, "  mail: ためし編集部からのご案内を受け取ります。\n", ""),
        [f"{FIRM}:7:1: 「mail」がありません"],
    ),
    "sender is no address": (
        changed(FIRM, "sender_address: tayori@example.jp", "sender_address: tayori"),
        [f"{FIRM}:5:17: sender_address「tayori」はメールアドレスとして使えません"],
    ),
    "no scoring": (
        {SCORING: None},
        [f"{SCORING}:1: ファイルがありません（必要なキー: half_life_days,"],
    ),
    "scoring of no event": (
        changed(SCORING, "    page_view: 1", "    page_vieww: 1"),
        [f"{SCORING}:9:5: weights「page_vieww」は使えません（もしかして: page_view。"],
    ),
    "rule twice": (
        changed(SCORING, "id: case-view", "id: view"),
        [f"{SCORING}:5:10: 同じ id「view」の規則が2つあります"],
    ),
    "unknown template": (
        {SCORING: "template: two-visit\n"},
        [f"{SCORING}:1:11: template「two-visit」は使えません（もしかして: two-visits。"],
    ),
    "rule for a page that is not there": (
        changed(SCORING, "points: 1}", "points: 1, pages: [/resources/gide/, /careers/*]}"),
        [
            f"{SCORING}:4:53: ページ「/resources/gide/」は使えません（もしかして: /resources/guide/。"
        ],
    ),
    "rule for no page": (
        changed(SCORING, "points: 1}", "points: 1, pages: [pricing]}"),
        [f"{SCORING}:4:53: pages「pricing」は使えません（/ で始まるページのアドレス。"],
    ),
    "rule for nobody": (
        changed(SCORING, "stages:\n", "fits:\n  - {id: nobody, points: 5}\nstages:\n"),
        [f"{SCORING}:7:5: domains、companies、personas のどれかが必要です"],
    ),
    "rule for a persona that is not there": (
        changed(
            SCORING, "stages:\n", "fits:\n  - {id: a, points: 5, personas: [onwer]}\nstages:\n"
        ),
        [f"{SCORING}:7:35: persona「onwer」は使えません（もしかして: owner。"],
    ),
    "rule for a person": (
        changed(
            SCORING, "stages:\n", "fits:\n  - {id: a, points: 5, domains: [a@b.jp]}\nstages:\n"
        ),
        [f"{SCORING}:7:34: domains「a@b.jp」は使えません（@ の後ろのドメイン。"],
    ),
    "hot by a CTA that is not there": (
        changed(
            SCORING,
            "hot_at: 50",
            "hot: {at: 50, acts: [{id: asked, event: cta_click, ctas: [inquiry-in-good]}]}",
        ),
        [f"{SCORING}:2:59: CTA「inquiry-in-good」は使えません"],
    ),
    "hot act with the name of the points": (
        changed(SCORING, "hot_at: 50", "hot: {at: 50, acts: [{id: score, event: inquiry}]}"),
        [f"{SCORING}:2:27: id「score」は点数のための名前です"],
    ),
    "fit with the name of a rule": (
        changed(
            SCORING, "stages:\n", "fits:\n  - {id: view, points: 5, personas: [owner]}\nstages:\n"
        ),
        [f"{SCORING}:7:10: 同じ id「view」の規則が2つあります"],
    ),
    "half-life of zero": (
        changed(SCORING, "half_life_days: 30", "half_life_days: 0"),
        [f"{SCORING}:1:17: half_life_days「0」は範囲の外です（0より大きい数にしてください）"],
    ),
    # Files
    "Shift_JIS": (
        {GOOD: FILES[GOOD].replace("よい記事", "よい記亊", 1).encode("cp932", "replace")},
        [f"{GOOD}:2: UTF-8ではない文字があります"],
    ),
    "name in Japanese": (
        {"site/pages/会社.md": "---\ntitle: 会社\nkind: page\n---\n\n本文\n"},
        ["site/pages/会社.md:1: ファイル名は半角の小文字・数字・ハイフンにします"],
    ),
    "no home": (
        {"site/pages/index.md": None},
        ["site/pages/index.md:1: ホームのページがありません"],
    ),
    "two inquiry pages": (
        {"site/pages/other.md": FILES["site/pages/inquiry.md"]},
        [
            "site/pages/other.md:3:7: kind: inquiry のページは1つだけです（site/pages/inquiry.mdにもあります）"
        ],
    ),
    "persona without a worry": (
        {"site/personas/owner.md": "---\nname: 社長\n---\n\n本文\n"},
        ["site/personas/owner.md:1: 「worry」がありません"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(tmp_path: Path, case: str) -> None:
    changes, expected = BAD[case]
    told = problems(tmp_path, changes)
    for words in expected:
        assert any(words in line for line in told), (words, told)
    unexpected = [line for line in told if not any(words in line for words in expected)]
    assert not unexpected, unexpected


def test_the_small_site_has_no_problems(tmp_path: Path) -> None:
    assert problems(tmp_path, {}) == []


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        {
            **changed(GOOD, "stage: awareness", "stage: intrest"),
            **changed(GUIDE, "guide.pdf", "gide.pdf"),
            **changed(STEP, "day: 1", "day: soon"),
            **changed(FIRM, "name: 株式会社ためし\n", ""),
            SCORING: None,
            "site/pages/broken.md": "---\ntitle: [\n---\n",
        },
    )
    starts = [GOOD, GUIDE, STEP, FIRM, SCORING, "site/pages/broken.md"]
    assert all(any(line.startswith(start + ":") for line in told) for start in starts), told


def test_mistakes_of_one_front_matter_are_told_together(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        {GOOD: "---\nkind: article\ntags: x\npersonas: [nobody]\n---\n\n[行き先](/none.md)\n"},
    )
    told = [line.split(": ", 1)[1] for line in told if line.startswith(GOOD)]
    starts = ("「title」", "kind: article", "tags「x」", "persona「nobody」", "ページ「/none.md」")
    assert len(told) == len(starts)
    for start in starts:
        assert any(words.startswith(start) for words in told), (start, told)


@pytest.mark.parametrize(
    "spoil",
    [
        b"\xff\xfe\x00",
        b"---\na: &a [*a]\n---\n",
        b"---\nnext: &a [*a]\n---\nx\n",
        b"---\n" + b"[" * 5000 + b"\n---\nx\n",
        b"---\na: !!python/object:os.system x\n---\nx\n",
        b"---\n? [a, b]\n: c\n---\nx\n",
        b"---\n1: 2\n---\nx\n",
        b"---\n---\n",
        b"---",
        b"",
    ],
)
def test_no_content_makes_load_raise(tmp_path: Path, spoil: bytes) -> None:
    for name in (GOOD, STEP, FIRM, SCORING, "site/personas/owner.md"):
        assert problems(tmp_path, {name: spoil}), name


def test_a_folder_without_a_site_is_told(tmp_path: Path) -> None:
    catalogue, told = load(tmp_path)
    assert catalogue is None
    assert {p.path for p in told} == {FIRM, SCORING, "site/pages"}


def test_code_and_comments_are_not_looked_into(tmp_path: Path) -> None:
    text = (
        "\n```markdown\n/// ctaa | x\n[a](/none.md)\n## 見せかけ\n```\n\n"
        "~~~\n{{ name }}\n~~~\n\n`[a](/none.md)` と <!-- [b](/none.md) -->\n"
    )
    assert problems(tmp_path, changed(GOOD, "本文。\n", "本文。\n" + text)) == []


def test_a_windows_editor_may_leave_its_line_ends_and_its_mark(tmp_path: Path) -> None:
    spoilt = b"\xef\xbb\xbf" + FILES[GOOD].replace("\n", "\r\n").encode()
    assert problems(tmp_path, {GOOD: spoilt}) == []


def test_the_catalogue_holds_what_the_files_say(tmp_path: Path) -> None:
    catalogue, told = load(write_site(tmp_path))
    assert told == []
    assert catalogue is not None
    page = catalogue.page_at("/articles/good/")
    assert page is not None
    assert [(s.index, s.id, s.line) for s in page.sections] == [(1, "見出し", 15)]
    assert [(c.id, c.section, c.line, c.aim, c.to) for c in page.ctas] == [
        ("guide-in-good", 1, 19, Stage.INTEREST, "/resources/guide.md")
    ]
    assert page.characters == len("よい記事本文。見出し資料とここ。くわしくはガイドへ。")
    assert catalogue.gate("guide") is not None
    step = catalogue.scenarios[0].steps[0]
    assert (step.id, step.day, step.line, step.path) == ("hello", 1, 6, STEP)
    assert step.body.startswith("{{ name }} 様\n")


def test_the_catalogue_comes_back_from_its_json_as_it_was(tmp_path: Path) -> None:
    catalogue, _ = load(write_site(tmp_path))
    assert catalogue is not None
    catalogue.write(tmp_path / "catalogue.json")
    assert Catalogue.read(tmp_path / "catalogue.json") == catalogue


def test_every_pattern_of_the_models_is_explained_in_words() -> None:
    models = (CtaOptions, Firm, PageFront, PersonaFront, Scoring, StepFront)
    schemas = json.dumps([model.model_json_schema() for model in models])
    patterns = {
        json.loads(f'"{found}"') for found in re.findall(r'"pattern": "((?:\\.|[^"\\])*)"', schemas)
    }
    assert len(patterns) >= 6
    assert not [pattern for pattern in patterns if pattern in pattern_words(pattern)]
