"""Labelled traces kept apart: no weight was tuned on them. Made adversely, family by family, each
in several variants; what nobody could tell apart is labelled ``either`` and counted for nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from tests.clicks.traces import (
    ANDROID,
    CHROME,
    EDGE,
    FIREFOX,
    IPHONE,
    LINE,
    MAC_CHROME,
    MAC_SAFARI,
    OFFICE,
    SENT,
    SMALL_MAKER,
    THUNDERBIRD,
    WEBVIEW,
    YAHOO,
    Trace,
    both,
    either,
    hit,
    machines,
    over_http,
    people,
    plain,
)
from tracker.clicks.hits import Landing, Neighbour

OFFICE_NET, HOME, TRAIN = "192.0.2.0/24", "198.18.7.0/24", "198.19.4.0/24"
AZURE, AWS, CLOUD = "203.0.113.0/24", "198.51.100.0/24", "2001:db8:7::/48"
CHROME_OF_2024 = CHROME.replace("142.0.0.0", "124.0.0.0")
CHROME_OF_2021 = CHROME.replace("142.0.0.0", "92.0.4515.131")
LINUX = CHROME.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64")
IE11 = "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko"
IE7 = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1; .NET CLR 2.0.50727)"
CHROME_OF_2017 = CHROME.replace("142.0.0.0", "60.0.3112.113")
FIREFOX_OF_2016 = FIREFOX.replace("144.0", "45.0")
WINDOWS_7 = (
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/109.0.0.0 Safari/537.36"
)
IPAD = MAC_SAFARI.replace("Version/18.6", "Version/17.5")
CHROME_ON_IPHONE = IPHONE.replace("Version/18.6", "CriOS/142.0.7444.46")
DOCOMO_PHONE = "DoCoMo/2.0 P07A3(c500;TB;W24H15)"
SAMSUNG = ANDROID.replace("Chrome/142.0.0.0", "SamsungBrowser/28.0 Chrome/130.0.0.0")
SOGOU_LIKE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"


def traces() -> Iterator[Trace]:
    for trace in (*_people(), *_scanners(), *_mixed(), *_nobody_knows()):
        yield trace
        if trace.name.startswith("HTTP too: "):
            yield over_http(trace)


def _people() -> Iterator[Trace]:
    # A reading person, alone, in all sorts of browsers and at all sorts of times.
    for n, ua in enumerate((CHROME_OF_2024, LINUX, IPAD, CHROME_ON_IPHONE, SAMSUNG, EDGE)):
        yield people(
            f"HTTP too: alone at an odd hour {n}",
            hit(700 + 4111 * n, n % 4, ua, network=HOME, language="ja-JP,ja;q=0.9"),
        )
        yield people(f"alone, two minutes after it came {n}", hit(125 + n, 1, ua, network=HOME))
        yield people(
            f"two links of four, {7 + 3 * n} s between {n}",
            hit(3000, 0, ua, network=HOME),
            hit(3007 + 3 * n, 2, ua, network=HOME),
        )
    for n, ua in enumerate((CHROME_OF_2021, WINDOWS_7)):
        yield people(f"a browser that nobody renewed {n}", hit(9_000, 0, ua, network=OFFICE_NET))
    # In tabs.
    for n, (ua, gaps) in enumerate(
        product((FIREFOX, MAC_CHROME, CHROME), ((0, 2.1, 4.4), (0, 3.5, 7.9), (0, 0.9, 1.7)))
    ):
        yield people(
            f"HTTP too: three links in tabs {n}",
            *(hit(5000 + gap, place, ua, network=HOME) for place, gap in enumerate(gaps)),
            links=5,
        )
        yield people(
            f"three links in tabs six minutes after it came {n}",
            *(hit(370 + gap, 2 - place, ua, network=HOME) for place, gap in enumerate(gaps)),
        )
    yield people(
        "all three of a mail's three links, in tabs",
        *(hit(80_000 + gap, place, EDGE, network=HOME) for place, gap in enumerate((0, 3, 8))),
        links=3,
    )
    # The mail program was open.
    for n, ua in enumerate((EDGE, MAC_SAFARI, ANDROID, CHROME_ON_IPHONE)):
        yield people(f"HTTP too: 3 s after it came {n}", hit(3.0, n, ua, network=OFFICE_NET))
        yield people(
            f"4 s after it came, and another link later {n}",
            hit(4.2, 0, ua, network=OFFICE_NET),
            hit(64, 1, ua, network=OFFICE_NET),
        )
    # One address for a whole office.
    for n, (one, two, three) in enumerate(
        ((CHROME, CHROME, EDGE), (CHROME, EDGE, FIREFOX), (CHROME, IPHONE, MAC_SAFARI))
    ):
        yield people(
            f"three colleagues behind one address read one mail {n}",
            *(
                hit(3600 + 140 * k, k % 2, ua, network=OFFICE_NET)
                for k, ua in enumerate((one, two, three))
            ),
        )
        yield people(
            f"two colleagues behind one address, at the same moment {n}",
            hit(3600, 0, one, network=OFFICE_NET),
            hit(3604, 0, three, network=OFFICE_NET),
        )
    for beside in (1, 3, 6):
        own = hit(3600, 0, CHROME, network=OFFICE_NET)
        yield replace(
            people(f"{beside} colleagues read their own newsletter that minute", own),
            neighbours=tuple(
                Neighbour(f"mail-{k}", SENT.replace(hour=2, second=7 * k), own.agent or "")
                for k in range(beside)
            ),
        )
    # Apps and phones of Japan; some say no language.
    for n, ua in enumerate((LINE, YAHOO, DOCOMO_PHONE, THUNDERBIRD, OFFICE)):
        yield people(
            f"an app or phone that tells no language {n}",
            hit(8000 + 97 * n, 1, ua, network=TRAIN, language="", fetch_mode=""),
        )
        yield people(
            f"an app or phone that tells its language {n}",
            hit(200 + 97 * n, 1, ua, network=TRAIN, language="ja-jp", fetch_mode=""),
        )
    yield people(
        "a web view of Android in some app", hit(4400, 3, WEBVIEW, network=TRAIN, fetch_mode="")
    )
    # Proxies and networks that change.
    yield people(
        "a company's proxy strips what it does not know",
        hit(6000, 0, CHROME, network=OFFICE_NET, fetch_mode=""),
    )
    yield people(
        "the VPN comes up between two clicks",
        hit(3000, 0, CHROME, network=HOME),
        hit(3060, 1, CHROME, network=OFFICE_NET),
    )
    yield people(
        "a telephone goes from one cell to the next",
        hit(3000, 0, IPHONE, network=TRAIN),
        hit(3020, 1, IPHONE, network=HOME),
    )
    yield people(
        "on the telephone, then at the desk",
        hit(1500, 0, ANDROID, network=TRAIN),
        hit(5200, 0, EDGE, network=OFFICE_NET),
    )
    yield people(
        "handed on to a colleague in another office",
        hit(1500, 0, CHROME, network=OFFICE_NET),
        hit(9000, 0, MAC_SAFARI, network=HOME),
        hit(9100, 3, MAC_SAFARI, network=HOME),
    )
    for n, ua in enumerate((CHROME, MAC_SAFARI, SMALL_MAKER)):
        yield people(
            f"HTTP too: a double click {n}",
            hit(2400, 0, ua, network=HOME),
            hit(2400.2, 0, ua, network=HOME),
        )
        yield people(
            f"the same link three times in an afternoon {n}",
            *(hit(9000 + 3700 * k, 0, ua, network=HOME) for k in range(3)),
        )
    yield people(
        "an English browser, late in the evening",
        hit(30_000, 0, MAC_CHROME, network=HOME, language="en-US,en;q=0.9"),
    )
    yield people(
        "an English browser, two links",
        *(
            hit(30_000 + 50 * k, k, MAC_CHROME, network=HOME, language="en-US,en;q=0.9")
            for k in range(2)
        ),
    )
    for n, start in enumerate((15, 1700)):
        yield replace(
            people(
                f"known from before, whatever the proxy strips {n}",
                replace(
                    hit(start, 0, CHROME, network=OFFICE_NET, language="", fetch_mode=""),
                    landing=Landing("own", True),
                ),
            )
        )


def _scanners() -> Iterator[Trace]:
    # Sweeps, evenly over so many seconds, in either direction, or of half the links.
    for n, (over, links) in enumerate(product((30, 60, 120, 300), (4, 7))):
        beat = over / (links - 1)
        for manner, about in (
            ("bare", {"language": "", "fetch_mode": ""}),
            ("English", {"language": "en-US,en;q=0.9"}),
            ("Japanese", {"language": "ja,en-US;q=0.9,en;q="}),
        ):
            yield machines(
                f"HTTP too: {links} links evenly over {over} s, {manner}",
                *(
                    plain(20 + beat * k, k, CHROME, network=AZURE, **{**_WHOLE, **about})
                    for k in range(links)
                ),
                links=links,
            )
            yield machines(
                f"{links} links from the last to the first over {over} s, an hour later, {manner}",
                *(
                    plain(3700 + beat * k, links - 1 - k, EDGE, network=AWS, **{**_WHOLE, **about})
                    for k in range(links)
                ),
                links=links,
            )
        yield machines(
            f"half the links, over {over} s {n}",
            *(
                plain(40 + over / 4 * k, 2 * k, LINUX, network=AWS, language="en-US")
                for k in range(4)
            ),
            links=8,
        )
    # From many addresses, or under many names.
    for n, language in enumerate(("", "en-US,en;q=0.9", "ja")):
        yield machines(
            f"a sweep from an address per link {n}",
            *(
                plain(25 + 2.3 * k, k, CHROME, network=f"198.51.{100 + k}.0/24", language=language)
                for k in range(4)
            ),
        )
        yield machines(
            f"a sweep under a name per link {n}",
            *(
                plain(25 + 2.3 * k, k, ua, network=AZURE, language=language)
                for k, ua in enumerate((CHROME, EDGE, FIREFOX, MAC_CHROME))
            ),
        )
    # Ancient browsers, hours later.
    for n, ua in enumerate((CHROME_OF_2017, FIREFOX_OF_2016, IE7, IE11)):
        for k, language in enumerate(("", "en-US", "en-us,en;q=0.5")):
            yield machines(
                f"HTTP too: a browser of long ago, hours later {n} {k}",
                plain(15_000 + 3000 * n, n, ua, network=CLOUD, language=language),
            )
    yield machines(
        "an old name on a new browser",
        hit(15_000, 0, CHROME_OF_2017, network=CLOUD, language="ja"),
    )
    # The gateways people name.
    yield machines(
        "Safe Links: a whole English browser from Azure, one link within the minute",
        hit(14, 2, CHROME, network=AZURE, language="en-US,en;q=0.9"),
    )
    yield machines(
        "Safe Links: the same at two minutes, and it scrolls",
        replace(
            hit(130, 2, CHROME, network=AZURE, language="en-US,en;q=0.9"),
            landing=Landing("new", True),
        ),
    )
    yield machines(
        "a sandbox runs the page's script and scrolls, on every link",
        *(
            replace(
                hit(33 + 5 * k, k, MAC_CHROME, network=AWS, language="en-US,en;q=0.9"),
                landing=Landing("new", True),
            )
            for k in range(4)
        ),
    )
    for n, (ua, gap) in enumerate(((CHROME_OF_2024, 0.4), (IE11, 1.1), (FIREFOX, 0.2))):
        yield machines(
            f"HEAD, then GET {n}",
            plain(2 + n, 1, ua, network=CLOUD, method="HEAD"),
            plain(2 + n + gap, 1, ua, network=CLOUD),
        )
        yield machines(
            f"HEAD, then GET, in a whole browser's manner, hours later {n}",
            hit(12_000, 1, ua, network=CLOUD, method="HEAD", language="en-US"),
            hit(12_000 + gap, 1, ua, network=CLOUD, language="en-US"),
        )
        yield machines(
            f"a link an hour {n}",
            *(plain(3600 * (k + 1), k, ua, network=CLOUD) for k in range(4)),
        )
    yield machines(
        "a link an hour, in a whole English browser",
        *(
            hit(3600 * (k + 1), k, CHROME, network=CLOUD, language="en-US,en;q=0.9")
            for k in range(4)
        ),
    )
    yield machines(
        "a browser steered by a program tells no language",
        hit(9100, 0, CHROME, network=AWS, language=""),
    )
    yield machines(
        "a picture is asked for, not a page",
        hit(9100, 0, CHROME, network=AWS, language="ja", fetch_mode="no-cors"),
    )
    yield machines("half a name", plain(9100, 0, SOGOU_LIKE, network=AWS))
    for n, count in enumerate((4, 12)):
        yield machines(
            f"a link looked after for days {n}",
            *(plain(20_000 * (k + 1), 0, CHROME, network=AWS) for k in range(count)),
        )
        yield machines(
            f"a bare browser's name again within the minute {n}",
            *(plain(700 + 3 * k, 0, MAC_CHROME, network=AWS) for k in range(count)),
        )
    for beside in (4, 9):
        for k, about in enumerate(({"language": "en-US"}, {"language": ""})):
            own = hit(25, 0, CHROME, network=AZURE, **about)
            yield replace(
                machines(f"the same gateway looks into {beside} mails {k}", own),
                neighbours=tuple(
                    Neighbour(f"mail-{m}", SENT.replace(second=20 + m), own.agent or "")
                    for m in range(beside)
                ),
            )


_WHOLE = {"fetch_mode": "navigate"}


def _mixed() -> Iterator[Trace]:
    english = {"language": "en-US,en;q=0.9"}
    bare = {"language": "", "fetch_mode": ""}
    for n, ua in enumerate((EDGE, IPHONE, SMALL_MAKER, LINE)):
        person = hit(2000, 1, ua, network=HOME, fetch_mode="" if ua == LINE else "navigate")
        for k, (delay, about) in enumerate(product((-6, 0.3, 12), (bare, english))):
            yield both(
                f"a gateway looks at the moment of the click {n} {k}",
                (person,),
                (hit(2000 + delay, 1, CHROME, network=AZURE, **about),),
            )
        yield both(
            f"a browser reads ahead, then its reader clicks {n}",
            (person,),
            (replace(person, id=f"ahead{n}", at=hit(1999).at, prefetch="prefetch"),),
        )
        yield both(
            f"a sweep on arrival, the reader twelve minutes later {n}",
            (hit(720, 0, ua, network=OFFICE_NET, fetch_mode=person.fetch_mode),),
            tuple(hit(6 + 0.8 * k, k, CHROME_OF_2024, network=AWS, **english) for k in range(4)),
        )
    for n, ua in enumerate((CHROME, EDGE, FIREFOX)):
        for k, about in enumerate((bare, english)):
            yield both(
                f"the gateway sits at the office's own address {n} {k}",
                (hit(1900, 0, ua, network=OFFICE_NET), hit(1960, 2, ua, network=OFFICE_NET)),
                tuple(hit(4 + 1.5 * m, m, CHROME, network=OFFICE_NET, **about) for m in range(4)),
            )
        yield both(
            f"the gateway sits at the office's address, and the client was open {n}",
            (hit(3.4, 1, ua, network=OFFICE_NET),),
            tuple(plain(1 + 0.7 * m, m, LINUX, network=OFFICE_NET) for m in range(4)),
        )
        yield both(
            f"what a person opened is fetched again, bare {n}",
            (hit(1900, 0, ua, network=HOME),),
            tuple(plain(1900 + after, 0, ua, network=CLOUD) for after in (2, 600, 9000)),
        )
        yield both(
            f"a person's whole request is sent again from elsewhere {n}",
            (hit(1900, 0, ua, network=HOME),),
            tuple(hit(1900 + after, 0, ua, network=CLOUD) for after in (5, 3000, 19_000)),
        )
    yield both(
        "handed on in a chat",
        (
            hit(4000, 0, CHROME, network=OFFICE_NET),
            hit(4400, 0, IPHONE, network=TRAIN),
        ),
        (
            plain(4380, 0, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
            plain(4381, 0, "Chatwork LinkPreview v2", network=CLOUD),
            plain(4382, 0, "facebookexternalhit/1.1;line-poker/1.0", network=CLOUD),
        ),
    )


def _nobody_knows() -> Iterator[Trace]:
    yield either(
        "a sandbox with a Japanese browser's whole request follows one link in its own time",
        hit(2700, 1, CHROME, network=CLOUD),
    )
    yield either(
        "a person sends neither a language nor a browser's marks",
        hit(2700, 1, CHROME, network=OFFICE_NET, language="", fetch_mode=""),
    )
