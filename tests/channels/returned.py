"""Mails that came back, as servers write them; original to this project."""

from email.message import EmailMessage

REPORT = """\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 02 Nov 2026 10:05:00 +0900
Message-ID: <{own}@mx.example.net>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="==B"

--==B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to tell you that your message did not arrive.

--==B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 02 Nov 2026 10:00:00 +0900

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.jp
Diagnostic-Code: smtp; {diagnostic}

--==B
Content-Type: text/rfc822-headers

Return-Path: <{to}>
Message-ID: {message_id}
Subject: =?utf-8?b?44GK5L6/44KK?=

--==B--
"""


def report(
    to: str,
    recipient: str = "taro@example.jp",
    *,
    status: str = "5.1.1",
    action: str = "failed",
    diagnostic: str = "550 5.1.1 <taro@example.jp>: Recipient address rejected: User unknown",
    message_id: str = "<none@example.jp>",
    own: str = "dsn-1",
) -> bytes:
    """A report of RFC 3464, as Postfix writes it."""
    return REPORT.format(
        to=to,
        recipient=recipient,
        status=status,
        action=action,
        diagnostic=diagnostic,
        message_id=message_id,
        own=own,
    ).encode()


def japanese(to: str, words: str, recipient: str = "taro@example.jp") -> bytes:
    """The plain words of a gateway, in the charset of its day."""
    mail = EmailMessage()
    mail["From"] = "MAILER-DAEMON@mail.example.ne.jp"
    mail["To"] = to
    mail["Subject"] = "メールを配信できませんでした"
    mail["Date"] = "Mon, 02 Nov 2026 10:05:00 +0900"
    mail["Message-ID"] = "<plain-1@mail.example.ne.jp>"
    mail.set_content(f"次の宛先へのメールを配信できませんでした。\n\n<{recipient}>\n{words}\n",
                     charset="iso-2022-jp")  # fmt: skip
    return b"Return-Path: <>\n" + mail.as_bytes()


def complaint(return_address: str, message_id: str, kind: str = "abuse") -> bytes:
    """A complaint of RFC 5965, as feedback loops send it."""
    return f"""\
Return-Path: <fbl@example.net>
From: Feedback <fbl@example.net>
To: abuse@example.jp
Subject: complaint
Date: Mon, 02 Nov 2026 10:05:00 +0900
Message-ID: <fbl-1@example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="==F"

--==F
Content-Type: text/plain

A complaint about a mail.

--==F
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: ExampleFBL/1.0
Version: 1
Original-Mail-From: <{return_address}>

--==F
Content-Type: message/rfc822

Message-ID: {message_id}
Subject: x

body
--==F--
""".encode()
