"""``sodate …``: everything an operator or an editor does from a shell."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import click

from tracker.catalogue import CatalogueUnreadableError
from tracker.settings import Settings, SettingsError, read_settings
from tracker.words import Act, Role


def _told(command: Callable[..., Any]) -> Callable[..., Any]:
    """A mistake that its reader can mend is one sentence, never a traceback."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (SettingsError, CatalogueUnreadableError, OSError) as error:
            raise click.ClickException(str(error)) from None
        except Exception as error:
            # The store takes a second to import, which most commands of editors do without.
            store = sys.modules.get("tracker.store.engine")
            if store is None or not isinstance(error, store.StoreError):
                raise
            raise click.ClickException(str(error)) from None

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """育て: Markdown のオウンドメディアで、読者を問い合わせまで育てる。"""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for chatty in ("rq", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@main.command()
@click.option("--against", metavar="REV", help="git のこの版と比べて、シナリオの変更を言う")
@click.option("--json", "as_json", is_flag=True, help="ほかの道具のために JSON で出す")
@_told
def check(against: str | None, as_json: bool) -> None:
    """site/ の内容をすべて調べる。

    問題があれば失敗する。ヒントは公開を止めない。最後のビルドから変わったシナリオが、途中の読者に
    何をするかも言う。
    """
    from nurture_worker import check as checking
    from nurture_worker.earlier import RevisionUnknownError

    settings = read_settings()
    try:
        found = checking.check(settings, datetime.now(settings.zone).date(), against)
    except RevisionUnknownError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(checking.as_json(found), ensure_ascii=False, indent=1))
        sys.exit(1 if found.problems else 0)
    for hint in found.hints:
        click.echo(f"ヒント: {hint}")
    for line in checking.effect_lines(found):
        click.echo(line)
    _report(found.problems)
    assert found.catalogue is not None
    hints = f"、ヒント{len(found.hints)}件" if found.hints else ""
    click.echo(
        f"問題はありません（{len(found.catalogue.pages)}ページ、"
        f"{len(found.catalogue.scenarios)}シナリオ{hints}）"
    )


@main.command()
@click.argument("kind", metavar="種類")
@click.argument("name", metavar="名前")
@click.option("--title", help="題（シナリオなら件名、persona ならどういう人か）")
@click.option("--stage", help="段階（awareness, interest, understanding, trust）")
@click.option("--persona", "personas", multiple=True, help="誰に向けたか。いくつでも書ける")
@click.option("--day", type=click.IntRange(1, 365), help="何日目に送るか（シナリオだけ）")
@click.option("--scenario", help="段階のほかのシナリオのフォルダー名（dormant など。シナリオだけ）")
@_told
def new(
    kind: str,
    name: str,
    title: str | None,
    stage: str | None,
    personas: tuple[str, ...],
    day: int | None,
    scenario: str | None,
) -> None:
    """新しいファイルのひな形を作る。

    種類は article, case, voice, resource, seminar, video, diagnosis, page, scenario, persona。
    下書きとして作るので、書き終わるまで公開されない。同じ名前のファイルは上書きしない。
    """
    from tracker.catalogue.load import read
    from tracker.catalogue.problems import unknown
    from tracker.catalogue.scaffolds import ScaffoldError, scaffold
    from tracker.words import Stage

    settings = read_settings()
    if stage is not None and stage not in list(Stage):
        raise click.ClickException(unknown("stage", stage, Stage))
    catalogue = read(settings.root).catalogue
    if catalogue is None:
        raise click.ClickException(
            "site/firm.yml か site/scoring.yml を読めません（sodate check で確かめます）"
        )
    today = datetime.now(settings.zone).date()
    try:
        path = scaffold(
            settings.root,
            catalogue,
            kind,
            name,
            today,
            title=title,
            stage=Stage(stage) if stage else None,
            personas=personas,
            day=day,
            scenario=scenario,
        )
    except ScaffoldError as error:
        raise click.ClickException(str(error)) from None
    click.echo(path)
    after = read(settings.root)
    for problem in after.problems + after.draft_problems:
        if problem.path == str(path):
            click.echo(str(problem), err=True)
    if str(path) in after.drafts:
        click.echo("書き終えたら draft: true の行を消すと公開されます", err=True)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False), required=False, metavar="[フォルダー]")
@_told
def schema(folder: str | None) -> None:
    """テキストエディターの補完と検査のための JSON Schema を書き出す（既定 site/schemas）。"""
    from tracker.catalogue.schemas import write_schemas

    site = read_settings().root / "site"
    personas = [path.stem for path in site.glob("personas/*.md")]
    files = [path.name for path in site.glob("whitepapers/*") if path.suffix != ".md"]
    target = Path(folder) if folder else site / "schemas"
    for path in write_schemas(target, personas, files):
        click.echo(path)


@main.command()
@click.argument("name", required=False, metavar="[シナリオ]")
@click.option("--mermaid", is_flag=True, help="進み方の図を Mermaid の文で出す")
@_told
def scenarios(name: str | None, mermaid: bool) -> None:
    """シナリオの一覧: だれに、何日目に何を。送った数と、送った効果も言う。

    書きかけの site/ を読む。送った数と効果は、データベースがあれば添える。
    """
    from nurture_worker import diagram
    from tracker.catalogue.load import load
    from tracker.catalogue.problems import unknown

    settings = read_settings()
    catalogue, _ = load(settings.root)
    found = sorted(catalogue.scenarios if catalogue else (), key=lambda one: (one.rank, one.id))
    if name is not None and name not in [one.id for one in found]:
        raise click.ClickException(unknown("シナリオ", name, [one.id for one in found]))
    found = [one for one in found if name in (None, one.id)]
    if mermaid:
        click.echo("\n".join(diagram.mermaid(one) for one in found), nl=False)
        return
    for line in _scenario_lines(settings, found):
        click.echo(line)


def _scenario_lines(settings: Settings, found: list[Any]) -> Iterator[str]:
    from sqlalchemy.engine import make_url

    from nurture_worker import measuring
    from tracker.store.engine import check_version, open_store, reading

    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        for one in found:
            yield from measuring.lines(one, {}, None)
        return
    check_version(settings.store_url)
    with reading(open_store(settings.store_url)) as connection:
        for one in found:
            told = measuring.effect_of(connection, one, datetime.now(UTC))
            yield from measuring.lines(one, measuring.figures_of(connection, one.id), told)


@main.command()
@_told
def serve() -> None:
    """書きながら見る: ページとステップメールを、下書きも含めて、保存のたびに作り直す。

    SODATE_PORT で開く。フォームは送れない（送るところまで試すなら ./run）。
    """
    from nurture_worker.serving import serve as serve_until_told

    serve_until_told(read_settings(), click.echo)


@main.command()
@_told
def build() -> None:
    """サイトとカタログを作る。"""
    _build(read_settings())


def _build(settings: Settings) -> None:
    from tracker.publishing.build import build_site

    _report(build_site(settings))


def _report(problems: list[Any]) -> None:
    if not problems:
        return
    for problem in problems:
        click.echo(str(problem), err=True)
    raise click.ClickException(
        f"{len(problems)}件の問題があります。直してから、もう一度実行してください"
    )


@main.command()
@_told
def up() -> None:
    """サイト、トラッカー、ワーカーをまとめて動かす（./run と同じ）。"""
    from nurture_worker import processes

    settings = read_settings()

    def prepare() -> str:
        click.echo("サイトを作っています…")
        _build(settings)
        _upgrade(settings)
        return _invitation(settings)

    sys.exit(processes.up(settings, prepare))


def _upgrade(settings: Settings) -> None:
    from tracker.store.engine import upgrade

    settings.data.mkdir(parents=True, exist_ok=True)
    upgrade(settings.store_url)


def _invitation(settings: Settings) -> str:
    """The one-time link that makes the first account; nothing once there is one."""
    from tracker.store import accounts
    from tracker.store.engine import open_store, writing

    with writing(open_store(settings.store_url)) as connection:
        if accounts.any_account(connection):
            return ""
        token = accounts.invite(connection, Role.ADMIN, datetime.now(UTC))
    return f"はじめに、このリンク（一度きり）でデスクのアカウントを作ってください:\n  {settings.site_url}/desk/join/{token}"


@main.command()
@_told
def work() -> None:
    """ワーカーを動かす。"""
    from nurture_worker.working import work_until_told

    work_until_told()


@main.command()
@_told
def tick() -> None:
    """決まった間隔でワーカーを起こす。"""
    from nurture_worker.ticking import tick_until_told
    from nurture_worker.tools import tools

    tick_until_told(tools())


@main.command()
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
@_told
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
    from nurture_worker import lead_events
    from nurture_worker.diagnosis.answer import answer
    from nurture_worker.diagnosis.words import lines

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
    from nurture_worker import diagnosing
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


@main.group(invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """速さを測る。語がなければ、すべて。"""
    if context.invoked_subcommand is None:
        for name in bench.list_commands(context):
            context.invoke(bench.commands[name])


@bench.command("site")
@click.option("--pages", default="200,1000,3000", help="足す記事の数（カンマ区切り）")
@click.option("--runs", default=3, type=click.IntRange(1), help="何回ずつ測るか")
@_told
def bench_site(pages: str, runs: int) -> None:
    """生成と check の速さを、素の MkDocs-Material と比べる。"""
    from nurture_worker.benchmarks import site

    counts = [int(count) for count in pages.split(",") if count.strip().isdigit()]
    try:
        site.bench_site(read_settings().root.resolve(), counts, runs, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None


@bench.command("site-quality")
@click.option("--runs", default=3, type=click.IntRange(1), help="Lighthouse で何回ずつ見るか")
@click.option("--chromium", default="chromium", envvar="CHROMIUM", help="使うブラウザー")
@_told
def bench_site_quality(runs: int, chromium: str) -> None:
    """ページの品質を測る: Lighthouse と Nu HTML checker（npm と Java が要る）。"""
    from nurture_worker.benchmarks import quality, site

    settings = read_settings()
    tools = settings.data / "bench"
    try:
        right = quality.bench_quality(settings.root.resolve(), tools, chromium, runs, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not right:
        raise click.ClickException("目標に届かないものがあります")


@bench.command("tracker")
@click.option("--rounds", default=7, type=click.IntRange(1), help="何回ずつ測るか")
@click.option("--seconds", default=3, type=click.IntRange(1), help="1回の長さ（秒）")
@_told
def bench_tracker(rounds: int, seconds: int) -> None:
    """トラッカーの速さを、何もしない Flask と比べる（wrk が要る）。"""
    from nurture_worker.benchmarks import site, tracker

    try:
        good = tracker.bench_tracker(read_settings().root.resolve(), rounds, seconds, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None
    if not good:
        raise click.ClickException("目標に届かないものがあります")


@bench.command("diagnosis")
@click.option("--sites", default=30, type=click.IntRange(1), help="健全・欠陥ありを何件ずつ作るか")
@_told
def bench_diagnosis(sites: int) -> None:
    """診断の正しさと速さを、答えの分かっているサイトを作って測る。"""
    from nurture_worker.benchmarks import diagnosis, site

    try:
        diagnosis.bench_diagnosis(sites, click.echo)
    except site.BenchError as error:
        raise click.ClickException(str(error)) from None


@main.group()
def db() -> None:
    """ストア（データベース）。"""


@db.command("upgrade")
@_told
def db_upgrade() -> None:
    """表をこの版に合わせる。"""
    _upgrade(read_settings())


@main.group()
def user() -> None:
    """デスクの利用者。"""


_role = click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.MARKETER.value,
    show_default=True,
    help="権限",
)


@user.command("list")
@_told
def user_list() -> None:
    """利用者と、まだ使われていない招待を並べる。"""
    from tracker.store import accounts, sessions

    now = datetime.now(UTC)
    with _desk() as connection:
        signed_in = sessions.counts(connection, now)
        for account in accounts.everyone(connection):
            count = signed_in.get(account.id, 0)
            click.echo(f"{account.email}\t{account.role.label}\tサインイン中 {count}台")
        for open_one in accounts.open_invitations(connection, now):
            click.echo(f"{open_one.email or '（アドレスなし）'}\t{open_one.role.label}\t招待中")


@user.command("invite")
@_role
@click.option("--email", help="このアドレスの人だけが使える招待にする")
@_told
def user_invite(role: str, email: str | None) -> None:
    """アカウントを作る一度きりのリンクを出す。"""
    from tracker.store import accounts

    address = _address(email) if email else None
    with _desk() as connection:
        token = accounts.invite(connection, Role(role), datetime.now(UTC), email=address)
        _record(connection, Act.ACCOUNT_INVITED, address, role=role)
    click.echo(f"{read_settings().site_url}/desk/join/{token}")


@user.command("add")
@click.argument("email")
@_role
@click.password_option()
@_told
def user_add(email: str, role: str, password: str) -> None:
    """アカウントを作る。"""
    from tracker.store import accounts

    address = _address(email)
    with _desk() as connection:
        accounts.add(connection, address, password, Role(role), datetime.now(UTC))
        _record(connection, Act.ACCOUNT_MADE, address, role=role)


@user.command("role")
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@_told
def user_role(email: str, role: str) -> None:
    """権限を変える。"""
    from tracker.store import accounts

    with _desk() as connection:
        account = _account(connection, email)
        before = accounts.set_role(connection, account.id, Role(role))
        _record(connection, Act.ROLE_CHANGED, account.email, before=before, role=role)


@user.command("password")
@click.argument("email")
@click.password_option()
@_told
def user_password(email: str, password: str) -> None:
    """パスワードを決め直す（その人のサインインはすべて終わる）。"""
    from tracker.store import accounts

    with _desk() as connection:
        account = _account(connection, email)
        accounts.set_password(connection, account.id, password)
        _record(connection, Act.PASSWORD_CHANGED, account.email)


@user.command("signout")
@click.argument("email")
@_told
def user_signout(email: str) -> None:
    """その人を、すべての端末でサインアウトさせる。"""
    from tracker.store import sessions

    with _desk() as connection:
        account = _account(connection, email)
        ended = sessions.end_all(connection, account.id)
        _record(connection, Act.SESSIONS_ENDED, account.email, sessions=ended)
    click.echo(f"{ended}台をサインアウトさせました")


@user.command("remove")
@click.argument("email")
@click.confirmation_option(prompt="元には戻せません。利用者から外しますか")
@_told
def user_remove(email: str) -> None:
    """利用者から外す。"""
    from tracker.store import accounts

    with _desk() as connection:
        account = _account(connection, email)
        accounts.remove(connection, account.id)
        _record(connection, Act.ACCOUNT_REMOVED, account.email)


@contextmanager
def _desk() -> Iterator[Any]:
    """A write transaction on the desk's accounts; what cannot be done is one sentence."""
    from tracker.store.accounts import AccountError
    from tracker.store.engine import check_version, open_store, writing

    settings = read_settings()
    check_version(settings.store_url)
    try:
        with writing(open_store(settings.store_url)) as connection:
            yield connection
    except AccountError as error:
        raise click.ClickException(str(error)) from None


def _address(email: str) -> str:
    from tracker.inputs import InputError, read_address

    try:
        return read_address(email).normalised
    except InputError as error:
        raise click.ClickException(str(error)) from None


def _account(connection: Any, email: str) -> Any:
    from tracker.store import accounts

    found = accounts.by_email(connection, email)
    if found is None:
        raise click.ClickException(f"{email} というアカウントはありません")
    return found


def _record(connection: Any, act: Act, email: str | None, **details: Any) -> None:
    from tracker.store import audit

    about = f"account:{email}" if email else ""
    audit.record(connection, datetime.now(UTC), audit.shell(), act, about=about, **details)


@main.group()
def reader() -> None:
    """一人の読者について残っているもの。"""


@reader.command("export")
@click.argument("email")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_told
def reader_export(email: str, folder: Path) -> None:
    """その人の記録をすべて、JSON と CSV で FOLDER に書き出す。"""
    from nurture_worker.dossiers import NoSuchReaderError, write
    from nurture_worker.tools import tools

    try:
        for path in write(tools(), email, folder):
            click.echo(path)
    except NoSuchReaderError as error:
        raise click.ClickException(str(error)) from None


@reader.command("erase")
@click.argument("email")
@click.confirmation_option(prompt="元には戻せません。消去しますか")
@_told
def reader_erase(email: str) -> None:
    """その人が誰か分かるものをすべて消す（件数は変わらない）。"""
    from nurture_worker.dossiers import NoSuchReaderError, erase
    from nurture_worker.tools import tools

    try:
        erase(tools(), email)
    except NoSuchReaderError as error:
        raise click.ClickException(str(error)) from None
    click.echo("消去しました")


@main.command()
@click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, 365), help="何日前から"
)
@_told
def simulate(days: int) -> None:
    """もし書きかけの site/ だったら: 過去の記録をたどり、だれに何がいつ届いたかを言う。

    シナリオと得点の決まりは site/ から、読者がしたことは記録から取り、実際に送ったものと比べる。
    読むだけで、何も送らず、何も変えない。
    """
    from nurture_worker.simulating import lines
    from nurture_worker.simulating import simulate as of_log
    from nurture_worker.tools import tools
    from tracker.catalogue.load import load
    from tracker.store.engine import reading

    own = tools()
    catalogue, problems = load(own.settings.root)
    if catalogue is None or problems:
        _report(problems)
    assert catalogue is not None
    with reading(own.engine) as connection:
        found = of_log(own, connection, catalogue, days)
    for line in lines(found, own, days):
        click.echo(line)


@main.group()
def seminar() -> None:
    """セミナーのあとの記録。"""


@seminar.command("attended")
@click.argument("name", metavar="セミナー")
@click.argument("addresses", type=click.File("r", encoding="utf-8-sig"), metavar="ファイル")
@_told
def seminar_attended(name: str, addresses: Any) -> None:
    """参加した人を記録する。ファイルは1行に1つのメールアドレス（- なら標準入力）。

    シナリオの条件 attended が、この記録を見る。2度入れても変わらない。
    """
    from nurture_worker.attendance import NoSuchSeminarError, record
    from nurture_worker.tools import tools

    try:
        found = record(tools(), name, addresses)
    except NoSuchSeminarError as error:
        raise click.ClickException(str(error)) from None
    known = f"（ほかに{found.known}人は記録済み）" if found.known else ""
    click.echo(f"{found.recorded}人の参加を記録しました{known}")
    for told in found.unknown:
        click.echo(f"申し込みが見つかりません: {told}", err=True)


@main.command()
@_told
def rebuild() -> None:
    """得点と段階を、出来事の記録から計算し直す。"""
    from nurture_worker.rebuild import rebuild as from_log
    from nurture_worker.tools import tools

    click.echo(f"{from_log(tools())}人の得点と段階を計算し直しました")


@main.command("print-whitepapers")
@click.option("--chromium", default="chromium", envvar="CHROMIUM", help="印刷に使うブラウザー")
@_told
def print_whitepapers(chromium: str) -> None:
    """site/whitepapers の Markdown を PDF にする（変わったものだけ）。"""
    from tracker.publishing.whitepapers import WhitepaperUnprintableError, print_all

    try:
        for path in print_all(read_settings().whitepapers, chromium):
            click.echo(path)
    except WhitepaperUnprintableError as error:
        raise click.ClickException(str(error)) from None


if __name__ == "__main__":
    main()
