"""What each sign weighs, and how it is called. The one table there is."""

RULES_VERSION = 3
"""Raised with every change of a rule or a weight: verdicts of another version are made anew."""

WEIGHTS: dict[str, float] = {
    "head": 15.0,
    "prefetch": 15.0,
    "program": 15.0,
    "nameless": 15.0,
    "scanner-network": 15.0,
    "trap": 15.0,
    "trap-too": 15.0,
    "trap-beside": 2.5,
    "perhaps-scanner": 3.0,
    "no-navigation": 4.0,
    "ancient": 3.5,
    "false-name": 3.0,
    "dated": 1.0,
    "no-language": 2.5,
    "foreign": 1.3,
    "japanese": -1.8,
    "no-fetch": 1.5,
    "navigation": -1.0,
    "app": -1.5,
    "at-once": 2.5,
    "soon": 1.2,
    "early": 0.8,
    "fresh": 0.4,
    "later": -0.6,
    "lone": -1.2,
    "burst": 1.2,
    "hasty": 1.2,
    "sweep": 0.9,
    "every-link": 1.8,
    "every-few": 0.6,
    "in-one-go": 1.0,
    "flurry": 3.0,
    "even": 3.0,
    "again": 2.5,
    "flood": 3.5,
    "program-beside": 3.0,
    "shadow": 3.5,
    "twin": 3.0,
    "echo": 4.2,
    "neighbours": 1.2,
    "many-neighbours": 2.4,
    "landed": -0.4,
    "read": -0.7,
    "seen-browser": -1.5,
    "own-browser": -5.0,
}


LABELS: dict[str, str] = {
    "head": "本文を求めなかった",
    "prefetch": "先読みと名乗った",
    "program": "プログラムと名乗った",
    "nameless": "ブラウザー名がない",
    "scanner-network": "検査する機械の網",
    "trap": "見えないリンクを開いた",
    "trap-too": "見えないリンクを開いたのと同じ姿",
    "trap-beside": "見えないリンクを開いたのと同じ所",
    "perhaps-scanner": "検査する機械がよく使う網",
    "no-navigation": "ページを開く動きではない",
    "ancient": "十年前のブラウザー",
    "false-name": "名乗りと合わない新しい印がある",
    "dated": "古いブラウザー",
    "no-language": "言語の指定がない",
    "foreign": "日本語を求めていない",
    "japanese": "日本語を求めた",
    "no-fetch": "新しいブラウザーなのに移動の印がない",
    "navigation": "ページ移動の印がある",
    "app": "アプリの中のブラウザー",
    "at-once": "送信から2秒以内",
    "soon": "送信から5秒以内",
    "early": "送信から1分以内",
    "fresh": "送信から10分以内",
    "later": "送信から時間がたっている",
    "lone": "怪しい動きが周りにない",
    "burst": "10秒に3つ以上のリンク",
    "hasty": "送信の直後に3つ以上のリンク",
    "sweep": "90秒に3つ以上のリンク",
    "every-link": "メールの全リンク",
    "every-few": "数少ないリンクの全部",
    "in-one-go": "全リンクを90秒のうちに",
    "flurry": "10秒に5つ以上のリンク",
    "even": "等間隔に4つ以上のリンク",
    "again": "同じリンクに4回以上",
    "flood": "一通に60回を超えるアクセス",
    "program-beside": "同じ所からプログラムも来た",
    "shadow": "同じころ本物らしい人が同じリンクを開いた",
    "twin": "同じころ別の所でも同じリンクを開いた",
    "echo": "前のアクセスと同じ姿で別の所から来た",
    "neighbours": "同じころほかの読者のメールにも来た",
    "many-neighbours": "同じころ多くの読者のメールにも来た",
    "landed": "着いたページが開いた",
    "read": "着いたページが読まれた",
    "seen-browser": "前にも来たブラウザー",
    "own-browser": "その読者のブラウザー",
}
"""The signs in the words of the desk."""

MACHINE_FROM = 1.0


HUMAN_TO = -0.5


FORWARDED: dict[str, float] = {
    "other-browser": 3.0,
    "other-device": 2.0,
    "other-kind": 1.0,
}
"""What says that a person's click was not the reader's, beside that it came from elsewhere."""

FORWARDED_LABELS: dict[str, str] = {
    "other-browser": "ほかの読者のブラウザー",
    "other-device": "別の所の、別の端末",
    "other-kind": "別の所の、もう一つの端末（スマートフォンとPC）",
}


PERHAPS_FORWARDED_FROM = 1.0
"""From here the desk shows a click as perhaps a forwarded mail's."""

FORWARDED_FROM = 2.0
"""From here a click counts for the mail and not for the reader: one person has a phone and a
computer, but seldom two of either in two places."""
