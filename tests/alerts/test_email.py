"""E-mail against a real SMTP listener: what is sent, and how each kind of answer is taken."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

import pytest

from alerts.alert import Reason, Severity, Status
from alerts.errors import SendError
from alerts.receivers import ReceiverSettings
from alerts.render import Wording
from alerts.transports.email import Email
from tests.alerts.factories import EN, SHANGHAI, START, ZH, alert, at, note
from tests.smtp import DROP, HANG, SmtpSink


@pytest.fixture
def sink():
    with SmtpSink() as opened:
        yield opened


def mailbox(sink: SmtpSink, **changes) -> ReceiverSettings:
    values = {
        "name": "leads", "type": "email", "host": "127.0.0.1", "port": sink.port, "tls": "none",
        "sender": "客服脉搏 <desk@example.com>", "to": ["Li 李 <li@example.com>"], "timeout": "2s",
    }  # fmt: skip
    return ReceiverSettings.model_validate(values | changes)


def send(receiver: ReceiverSettings, what=None, wording=ZH) -> int:
    return Email(receiver).send(what or note(), wording, now=START)


def failure(receiver: ReceiverSettings, **kwargs) -> SendError:
    with pytest.raises(SendError) as caught:
        send(receiver, **kwargs)
    return caught.value


def test_an_alert_arrives_as_text_and_html_in_the_receivers_language(sink):
    link = Wording("zh", SHANGHAI, "https://desk.example.com")
    assert send(mailbox(sink), wording=link) == 250
    (mail,) = sink.mails
    assert mail.message["Subject"] == "■ 天猫售前 排队 42（目标 ≤ 20）"
    assert (mail.sender, mail.to) == ("desk@example.com", ("li@example.com",))
    assert str(mail.message["From"]) == "客服脉搏 <desk@example.com>"
    assert str(mail.message["To"]) == "Li 李 <li@example.com>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    for part in (mail.part("text/plain"), mail.part("text/html")):
        assert "18:00 起" in part
        assert "https://desk.example.com/queues?" in part
    send(mailbox(sink), wording=EN)
    assert "42 (target ≤ 20)" in sink.mails[1].part("text/html")


def test_every_line_of_a_mail_is_ascii_and_short_enough_for_any_server(sink):
    long = alert(labels=(("queue", "很长的队列名" * 60),))
    send(mailbox(sink), note(long))
    raw = sink.mails[0].raw
    raw.decode("ascii")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_a_line_break_in_a_name_cannot_add_a_header(sink):
    send(mailbox(sink), note(alert(labels=(("queue", "a\r\nBcc: x@evil.example\r\n\r\n<b>"),))))
    message = sink.mails[0].message
    assert message["Bcc"] is None
    assert "a Bcc: x@evil.example" in message["Subject"]
    assert "<b>" not in sink.mails[0].part("text/html")


def test_a_repeat_has_the_same_id_and_the_end_answers_the_beginning(sink):
    over = alert(status=Status.RESOLVED, resolved_at=at(30), updated_at=at(30))
    for one in (note(), note(), note(over, reason=Reason.RESOLVED)):
        send(mailbox(sink), one)
    first, again, end = (mail.message for mail in sink.mails)
    assert first["Message-ID"] == again["Message-ID"] != end["Message-ID"]
    assert first["In-Reply-To"] is None
    assert end["In-Reply-To"] == end["References"] == first["Message-ID"]


def test_severity_and_the_end_have_colours_of_their_own(sink):
    over = alert(status=Status.RESOLVED, resolved_at=at(30), updated_at=at(30))
    for one in (note(), note(alert(severity=Severity.WARNING)), note(over, reason=Reason.RESOLVED)):
        send(mailbox(sink), one)
    pages = [mail.part("text/html") for mail in sink.mails]
    colours = ("background:#C62828", "background:#985A00", "background:#1E7F5C")
    assert [[colour in page for colour in colours].index(True) for page in pages] == [0, 1, 2]


@pytest.mark.parametrize(
    ("step", "answer", "permanent", "words"),
    [
        ("greeting", "421 too busy", False, "can't take mail now (421)"),
        ("greeting", "554 no", True, "did not accept the message (554)"),
        ("MAIL", "451 later", False, "can't take mail now (451)"),
        ("MAIL", "550 who are you", True, "refused the sender (550)"),
        ("RCPT", "450 greylisted", False, "li@example.com can't take mail now (450)"),
        ("RCPT", "550 no such user", True, "li@example.com was refused; check the address (550)"),
        ("DATA", "421 closing", False, "can't take mail now (421)"),
        ("BODY", "452 disk full", False, "can't take mail now (452)"),
        ("BODY", "552 too big", True, "did not accept the message (552)"),
        ("BODY", "554 spam", True, "did not accept the message (554)"),
    ],
)
def test_a_refusal_says_whether_trying_again_helps(sink, step, answer, permanent, words):
    sink.told({step: answer})
    error = failure(mailbox(sink))
    assert words in str(error)
    assert str(error).startswith("receiver 'leads'")
    assert (error.permanent, error.http_status) == (permanent, int(answer[:3]))
    assert sink.mails == ()


@pytest.mark.parametrize("step", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "BODY"])
@pytest.mark.parametrize("way", [HANG, DROP, "drip 250 wait"])
def test_a_server_that_hangs_drips_or_hangs_up_is_left_and_tried_again(sink, step, way):
    sink.told({step: way})
    error = failure(mailbox(sink, timeout="300ms"))
    assert not error.permanent
    assert any(said in str(error) for said in ("gave no answer within 0.3 s", "broke the conn",
                                               "did not accept", "can't take"))  # fmt: skip


def test_a_server_that_hangs_up_after_taking_the_mail_has_it(sink):
    sink.told({"QUIT": DROP})
    assert send(mailbox(sink)) == 250
    assert len(sink.mails) == 1


def test_user_and_password_are_used_and_a_refusal_names_neither(sink):
    sink.login = ("desk", "s3cret")
    assert send(mailbox(sink, user="desk", password="s3cret")) == 250
    error = failure(mailbox(sink, user="desk", password="wr0ng"))
    assert "refused us (535); check its user and password" in str(error)
    assert error.permanent
    assert "wr0ng" not in str(error) + repr(error.__cause__)
    sink.told({"AUTH": "454 later"})
    assert not failure(mailbox(sink, user="desk", password="s3cret")).permanent


def test_a_server_that_is_not_there_is_tried_again():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    values = {"name": "leads", "type": "email", "host": "127.0.0.1", "port": port, "tls": "none",
              "sender": "a@example.com", "to": "b@example.com"}  # fmt: skip
    error = failure(ReceiverSettings.model_validate(values))
    assert "refused the connection; check host and port" in str(error)
    assert not error.permanent


def test_an_address_that_was_refused_does_not_keep_the_mail_from_the_others_or_repeat_it(sink):
    receiver = mailbox(sink, to=["a@example.com", "b@example.com", "c@example.com"])
    transport = Email(receiver)
    sink.told({"RCPT b@example.com": "450 greylisted"})
    with pytest.raises(SendError, match=r"b@example.com can't take mail now \(450\)") as caught:
        transport.send(note(), ZH, now=START)
    assert not caught.value.permanent
    sink.told({})
    assert transport.send(note(), ZH, now=START) == 250
    assert [mail.to for mail in sink.mails] == [("a@example.com", "c@example.com"),
                                                ("b@example.com",)]  # fmt: skip
    transport.send(note(), ZH, now=START)  # another message by the same key starts anew
    assert len(sink.mails[2].to) == 3


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key."""
    file: Path = tmp_path_factory.mktemp("tls") / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
               "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-keyout", str(file), "-out", f"{file}.crt"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_connection_is_encrypted_and_its_certificate_checked(certificate, tls, monkeypatch):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with SmtpSink(context, wrapped=tls == "ssl") as sink:
        error = failure(mailbox(sink, tls=tls))
        assert "has no certificate that can be trusted" in str(error)
        assert sink.mails == ()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        sink.login = ("desk", "s3cret")
        assert send(mailbox(sink, tls=tls, user="desk", password="s3cret")) == 250


def test_a_server_without_starttls_gets_nothing_unencrypted(sink):
    error = failure(mailbox(sink, tls="starttls"))
    assert "does not offer what is set (tls or password)" in str(error)
    assert error.permanent
    assert not any(command.startswith("MAIL") for command in sink.commands)
