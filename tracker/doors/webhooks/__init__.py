"""``POST /webhooks/…``: what mail providers, LINE and CRMs tell, durable before the answer.

One module a provider, all alike: ``NAME``, ``PATH``, ``configured(settings)`` and ``hear(call)``,
which checks the signature over the very bytes that came and gives the facts to keep. A provider
that is not set up has no door. What is signed but means nothing to us is counted and answered 200,
for it would only be sent again; while the journal cannot be written the answer is 503, so that it
is.
"""

import logging
from collections.abc import Callable

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from tracker.context import context
from tracker.doors.webhooks import deals, line, own, postmark, sendgrid, ses, sns
from tracker.doors.webhooks.calls import Call, Provider, RefusedError
from tracker.journal import JournalError

log = logging.getLogger(__name__)

LARGEST = 1_000_000
FETCH = "sodate.fetch"
"""The app's extension by which certificates are fetched; the network where there is none."""

PROVIDERS: tuple[Provider, ...] = (own, ses, sendgrid, postmark, line, deals)

door = Blueprint("webhooks", __name__)


def _view(provider: Provider) -> Callable[[], Response]:
    def answer() -> Response:
        here = context()
        if not provider.configured(here.settings):
            abort(404)
        request.max_content_length = LARGEST
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            return Response(status=413)
        fetch = current_app.extensions.get(FETCH, sns.fetch)
        try:
            heard = provider.hear(Call(body, request.headers, here.now(), here.settings, fetch))
        except RefusedError as refused:
            here.tallies.add(f"notices:{provider.NAME}:refused")
            log.warning("webhook: %s refused: %s", provider.NAME, refused)
            return Response(status=refused.status)
        for outcome, count in heard.ignored.items():
            here.tallies.add(f"notices:{provider.NAME}:{outcome}", count)
            log.info("webhook: %s: %d ignored: %s", provider.NAME, count, outcome)
        try:
            here.journal.append(heard.entries)
        except JournalError:
            return Response(status=503, headers={"Retry-After": "60"})
        return Response(status=200)

    return answer


for _provider in PROVIDERS:
    door.add_url_rule(_provider.PATH, _provider.NAME, _view(_provider), methods=["POST"])
