"""How a command tells what its reader can mend."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from tracker.catalogue import CatalogueUnreadableError
from tracker.settings import SettingsError


def told(command: Callable[..., Any]) -> Callable[..., Any]:
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


def report_problems(problems: list[Any]) -> None:
    """Tell every problem of the editors' files and fail; nothing where there is none."""
    if not problems:
        return
    for problem in problems:
        click.echo(str(problem), err=True)
    raise click.ClickException(
        f"{len(problems)}件の問題があります。直してから、もう一度実行してください"
    )
