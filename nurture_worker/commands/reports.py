"""What marketing asks of the record: diagnose, simulate."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from nurture_worker.commands.telling import report_problems, told


@click.command()
@click.option(
    "--site",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="サイトの形を書いたファイル（lead-events/1）。--events と一緒に",
)
@click.option(
    "--events",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="出来事のファイル（JSON Lines、.gz も可）。--site と一緒に",
)
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="日付",
    help="自分のサイトの、この日から（既定は30日前。訪問が少なければ90日前）",
)
@click.option(
    "--to",
    "until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="日付",
    help="自分のサイトの、この日まで（その日を含む。既定は今日）",
)
@click.option(
    "--json",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="OUT",
    help="答えを JSON で書くファイル",
)
@told
def diagnose(
    site: Path | None,
    events: Path | None,
    since: datetime | None,
    until: datetime | None,
    out: Path | None,
) -> None:
    """CTAと記事の診断: どこを直すと、問い合わせが何件増えるか。

    ファイルがなければ、自分のサイトの記録から作る（読むだけで、残さない）。
    """
    from nurture_worker.diagnosis.answer import answer
    from nurture_worker.diagnosis.words import lines
    from nurture_worker.imports import lead_events

    if (site is None) != (events is None):
        raise click.UsageError("--site と --events は一緒に書いてください")
    if site is not None and events is not None:
        if since or until:
            raise click.UsageError("ファイルの期間は --site のファイルの window が決めます")
        try:
            case, report, remarks = lead_events.diagnosed(site, events)
        except lead_events.SiteFileError as error:
            raise click.ClickException(str(error)) from None
    else:
        case, remarks = "", []
        report = _diagnosed(since, until)
    for remark in remarks:
        click.echo(remark, err=True)
    if out is not None:
        out.write_text(
            json.dumps(answer(report, case), ensure_ascii=False, allow_nan=False, indent=1),
            encoding="utf-8",
        )
    for line in lines(report):
        click.echo(line)


def _diagnosed(since: datetime | None, until: datetime | None) -> Any:
    from nurture_worker.reporting import diagnosing
    from nurture_worker.tools import tools
    from tracker.store.engine import reading

    own = tools()
    zone = own.settings.zone
    end = until.replace(tzinfo=zone) + timedelta(days=1) if until else own.now()
    begin = since.replace(tzinfo=zone) if since else end - diagnosing.MONTH
    if begin >= end:
        raise click.UsageError("--from が --to より後です")
    with reading(own.engine) as connection:
        report = diagnosing.of_period(connection, own.catalogue, begin, end)
        if since is None and report.sessions < diagnosing.FEW_SESSIONS:
            begin = end - diagnosing.QUARTER
            report = diagnosing.of_period(connection, own.catalogue, begin, end)
    return report


@click.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 365), help="何日分か")
@click.option(
    "--synthetic",
    type=click.IntRange(1, 10_000),
    metavar="人数",
    help="記録の代わりに、作りものの読者をこの人数、これからの日々に歩かせる",
)
@click.option("--seed", default=1, show_default=True, help="--synthetic の種。同じ種なら同じ結果")
@click.option(
    "--from",
    "since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="日付",
    help="--synthetic の始まる日（既定は今日）",
)
@told
def simulate(days: int, synthetic: int | None, seed: int, since: datetime | None) -> None:
    """もし書きかけの site/ だったら: だれに何がいつ届いたかを言う。

    シナリオと得点の決まりは site/ から、読者がしたことは過去の記録から取り、実際に送ったものと比べる。
    --synthetic なら、読者のすることを作り、条件や分かれ道、上限、メールマガジンとの重なりを、送る前に
    確かめる。読むだけで、何も送らず、何も変えない。
    """
    from tracker.catalogue.load import load
    from tracker.settings import read_settings

    catalogue, problems = load(read_settings().root)
    if catalogue is None or problems:
        report_problems(problems)
    assert catalogue is not None
    for line in (
        _of_log(catalogue, days)
        if synthetic is None
        else _of_synthetic(catalogue, synthetic, seed, since, days)
    ):
        click.echo(line)


def _of_log(catalogue: Any, days: int) -> Iterator[str]:
    from nurture_worker.rehearsal.simulating import lines
    from nurture_worker.rehearsal.simulating import simulate as of_log
    from nurture_worker.tools import tools
    from tracker.store.engine import reading

    own = tools()
    with reading(own.engine) as connection:
        found = of_log(own, connection, catalogue, days)
    yield from lines(found, own, days)


def _of_synthetic(
    catalogue: Any, count: int, seed: int, since: datetime | None, days: int
) -> Iterator[str]:
    from nurture_worker.rehearsal.synthetic import lines, walk
    from tracker.settings import read_settings

    zone = read_settings().zone
    begin = since.replace(tzinfo=zone) if since else datetime.now(zone)
    begin = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    walks = walk(catalogue, count, seed, begin, days)
    yield from lines(catalogue, walks, begin, days, seed)
