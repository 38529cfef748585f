"""Made-up sites with known truth: sound ones, and ones with one place planted to be found."""

import math
from random import Random

from nurture_worker.diagnosis.structure import CtaPlace, PageStructure, Site
from tracker.counts import Counts, PageCounts
from tracker.words import PageKind, Stage

TOP, FIRST, LATER = 0.28, 0.13, 0.08
"""Usual parts of readers who leave at the top, in the first section, in a later one."""
SPREAD = 0.16
LOST = 0.03


def structure(n: int, sections: int, ctas: tuple[CtaPlace, ...] = ()) -> PageStructure:
    return PageStructure(
        url=f"articles/a{n}/",
        title=f"記事{n}",
        kind=PageKind.ARTICLE,
        stage=Stage.AWARENESS,
        headings=tuple(f"見出しその{k}" for k in range(1, sections + 1)),
        ctas=ctas,
        next=("articles/next/",),
    )


def cta(name: str, section: int, target: str = "resources/guide/") -> CtaPlace:
    return CtaPlace(name, f"{name}を見る", section, (Stage.INTEREST,), target)


def read(rng: Random, page: PageStructure, leaving: list[float], views: int) -> PageCounts:
    """Let ``views`` readers down the page; ``leaving[k]`` leave in section k."""
    size = len(page.headings) + 1
    left, lost, done = [0] * size, [0] * size, 0
    for _ in range(views):
        k = 0
        while k < size and rng.random() >= leaving[k]:
            k += 1
        if rng.random() < LOST:
            lost[min(k, size - 1)] += 1
        elif k == size:
            done += 1
        else:
            left[k] += 1
    return PageCounts(page.url, views, done, tuple(left), (0,) * size, tuple(lost))


def site(
    rng: Random, views: int, *, cliff: float = 1.0, far: bool = False, articles: int = 24
) -> tuple[Counts, Site]:
    """A site with ``views`` in all. ``cliff``: how many times the usual part leaves in section 3
    of the first article. ``far``: the second article's only CTA stands where a fifth arrives."""
    weights = [rng.lognormvariate(0, 0.7) for _ in range(articles)]
    weights[0] = weights[1] = 1.0
    counts, pages = {}, []
    for n, weight in enumerate(weights):
        sections = 6 if n == 0 else 9 if n == 1 else rng.randint(4, 9)
        hold = rng.lognormvariate(0, 0.1)
        leaving = [
            min(0.6, usual * hold * rng.lognormvariate(0, SPREAD))
            for usual in (TOP, FIRST, *[LATER] * (sections - 1))
        ]
        place = 2
        if n == 0 and cliff > 1:
            leaving[3] = LATER * cliff
        if n == 1 and far:
            place = 8
            steps = 1 - (0.2 / (1 - leaving[0])) ** (1 / 7)
            leaving[1:8] = [steps] * 7
        page = structure(n, sections, (cta(f"c{n}", place),))
        pages.append(page)
        share = math.floor(views * weight / sum(weights))
        if share:
            counts[page.url] = read(rng, page, leaving, share)
    return Counts(counts, visitors=views, machines=0, inquiries=0), Site(tuple(pages))
