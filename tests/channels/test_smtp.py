"""The hand-over to a mail server: over TLS, on few connections, each mail with its own outcome."""

import datetime
import socket
import ssl
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from nurture_worker.channels.mail import Mailer, Outcome, Post, ServerAwayError
from nurture_worker.house.processes import free_port
from tracker.words import DeliveryState

BODY = b"Subject: x\r\n\r\n.dot at the beginning\r\nlast\r\n"


class Server:
    """Answers as it is told: ``says`` maps a command's word, or a recipient, to its answer."""

    def __init__(self, **how: Any) -> None:
        self.took: list[tuple[str, bytes]] = []
        self.says: dict[str, str] = {}
        self.cuts: set[str] = set()
        """After which of ``mail``, ``rcpt``, ``body`` the connection is cut."""
        self.offers: list[str] = []
        self.met = 0
        self.encrypted: list[bool] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), **how)
        self._controller.start()
        self.port = self._controller.port

    def stop(self) -> None:
        self._controller.stop()

    async def handle_EHLO(
        self, _server: Any, session: Any, _envelope: Any, hostname: str, answers: list[str]
    ) -> list[str]:
        self.met += 1
        session.host_name = hostname
        return [answers[0], *(f"250-{offer}" for offer in self.offers), *answers[1:]]

    async def handle_MAIL(
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if "mail" in self.cuts:
            server.transport.abort()
        envelope.mail_from = address
        return self.says.get("mail", "250 OK")

    async def handle_RCPT(
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if "rcpt" in self.cuts:
            server.transport.abort()
        answer = self.says.get(address, "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:
        told = server.transport.get_extra_info("sslcontext") if server.transport else None
        self.encrypted.append(told is not None)
        self.took.append((envelope.rcpt_tos[0], envelope.content))
        if "body" in self.cuts:
            assert server.transport is not None
            server.transport.abort()
        return self.says.get("body", "250 OK")


@pytest.fixture(params=["one by one", "in one packet"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    it = Server()
    if request.param == "in one packet":
        it.offers.append("PIPELINING")
    yield it
    it.stop()


def posts(*recipients: str) -> list[Post]:
    return [Post(BODY, "from@example.jp", recipient) for recipient in recipients]


def sent(port: int, *recipients: str, connections: int = 1, scheme: str = "smtp") -> list[Outcome]:
    """All of them, so many at a time."""
    waiting = posts(*recipients)
    outcomes: list[Outcome] = []
    with Mailer(f"{scheme}://127.0.0.1:{port}", connections) as mailer:
        while waiting:
            count = mailer.ready(len(waiting))
            wave, waiting = waiting[:count], waiting[count:]
            outcomes += mailer.hand_over(wave, lambda wave=wave: range(len(wave)))  # type: ignore[misc]
    return outcomes


def states(outcomes: Sequence[Outcome]) -> list[tuple[str, bool]]:
    return [(outcome.state.value, outcome.of_everybody) for outcome in outcomes]


@pytest.mark.parametrize("connections", [1, 3])
def test_many_mails_go_over_few_connections_byte_by_byte(server: Server, connections: int) -> None:
    wanted = [f"r{n}@example.jp" for n in range(7)]
    outcomes = sent(server.port, *wanted, connections=connections)
    assert states(outcomes) == [("sent", False)] * 7
    assert sorted(recipient for recipient, _ in server.took) == wanted
    assert {content for _, content in server.took} == {BODY}
    assert server.met == connections


@pytest.mark.parametrize(
    ("answer", "state", "everybody"),
    [
        ("550 5.1.1 unknown", DeliveryState.BOUNCED, False),
        ("451 4.7.1 greylisted", DeliveryState.PLANNED, False),
        ("452 4.2.2 full", DeliveryState.PLANNED, False),
        ("421 4.7.0 too fast", DeliveryState.PLANNED, True),
    ],
)
def test_each_mail_has_its_own_end(
    server: Server, answer: str, state: DeliveryState, everybody: bool
) -> None:
    server.says["b@example.jp"] = answer
    names = ("a@example.jp", "b@example.jp", "c@example.jp")
    outcomes = sent(server.port, *names, connections=3)
    assert states(outcomes) == [("sent", False), (state.value, everybody), ("sent", False)]
    assert len(server.took) == 2


@pytest.mark.parametrize("moment", ["mail", "rcpt"])
def test_a_connection_lost_before_the_message_is_nobodys_fault(server: Server, moment: str) -> None:
    server.cuts.add(moment)
    assert states(sent(server.port, "a@example.jp")) == [("planned", True)]
    assert server.took == []


def test_a_connection_lost_after_the_message_leaves_it_uncertain(server: Server) -> None:
    server.cuts.add("body")
    outcomes = sent(server.port, "a@example.jp", "b@example.jp", connections=2)
    assert states(outcomes) == [("uncertain", False)] * 2


def test_a_refused_message_is_refused_and_the_connection_goes_on(server: Server) -> None:
    server.says["body"] = "552 5.3.4 too big"
    assert states(sent(server.port, "a@example.jp", "b@example.jp")) == [("failed", False)] * 2
    assert server.met == 1


def test_what_is_taken_back_before_the_message_is_not_said(server: Server) -> None:
    with Mailer(f"smtp://127.0.0.1:{server.port}", 2) as mailer:
        assert mailer.ready(2) == 2
        outcomes = mailer.hand_over(posts("a@example.jp", "b@example.jp"), lambda: [1])
    assert states(outcomes) == [("cancelled", False), ("sent", False)]
    assert [recipient for recipient, _ in server.took] == ["b@example.jp"]


def test_where_nothing_can_be_marked_nothing_is_said(server: Server) -> None:
    def unmarked() -> list[int]:
        raise ConnectionError

    with Mailer(f"smtp://127.0.0.1:{server.port}", 2) as mailer:
        assert mailer.ready(2) == 2
        with pytest.raises(ConnectionError):
            mailer.hand_over(posts("a@example.jp", "b@example.jp"), unmarked)
        assert mailer.ready(1) == 1
        (outcome,) = mailer.hand_over(posts("c@example.jp"), lambda: [0])
    assert states([outcome]) == [("sent", False)]
    assert [recipient for recipient, _ in server.took] == ["c@example.jp"]


def test_what_is_done_meanwhile_is_done_while_the_server_has_the_message(server: Server) -> None:
    done: list[str] = []
    with Mailer(f"smtp://127.0.0.1:{server.port}") as mailer:
        mailer.ready(1)

        def mark() -> list[int]:
            done.append("marked")
            return [0]

        mailer.hand_over(posts("a@example.jp"), mark, lambda: done.append("meanwhile"))
    assert done == ["marked", "meanwhile"]


@pytest.mark.parametrize("address", ["a b@example.jp", "a@example.jp>\r\nRCPT TO:<b@example.jp"])
def test_no_address_smuggles_a_second_recipient(server: Server, address: str) -> None:
    (outcome,) = sent(server.port, address)
    assert outcome.state is DeliveryState.FAILED
    assert server.took == []


def test_a_server_that_is_not_there_is_away() -> None:
    with Mailer(f"smtp://127.0.0.1:{free_port()}") as mailer, pytest.raises(ServerAwayError):
        mailer.ready(1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key, made here."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return path


def _knock(controller: Controller) -> None:
    """aiosmtpd's own would meet the server with the server's context."""
    with socket.create_connection((controller.hostname, controller.port), timeout=5) as plain:
        if controller.ssl_context is not None:
            trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
            with trusting.wrap_socket(plain) as met:
                met.recv(1024)
        else:
            plain.recv(1024)


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_mails_go_over_tls_to_whom_this_machine_trusts_and_to_nobody_else(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    how = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context}
    monkeypatch.setattr(Controller, "_trigger_server", _knock)
    server = Server(**how)
    try:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert states(sent(server.port, "a@example.jp", scheme=scheme)) == [("sent", False)]
        assert server.encrypted == [True]
        monkeypatch.delenv("SSL_CERT_FILE")
        with pytest.raises(ServerAwayError, match=r"(?i)certificate"):
            sent(server.port, "b@example.jp", scheme=scheme)
        assert len(server.took) == 1
    finally:
        server.stop()
