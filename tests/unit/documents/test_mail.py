"""Mails: heads, bodies, attachments; as they travel and as Outlook keeps them."""

from __future__ import annotations

from email.message import EmailMessage

import compressed_rtf
import pytest

from tests.fakes.office_files import compound
from tests.fakes.reading import codes, fault, lines, read, where

HEAD = "From: Ann <ann@x.org>\r\nTo: bo@x.org\r\nSubject: Pump\r\n"


def test_head_body_and_places() -> None:
    document = read(
        f"{HEAD}Date: Tue, 1 Dec 2026 10:00:00 +0000\r\n\r\nIt broke.\r\n\r\nCome soon.\r\n", "eml"
    )
    assert lines(document) == [
        "From: Ann <ann@x.org>", "To: bo@x.org", "Date: Tue, 1 Dec 2026 10:00:00 +0000",
        "Subject: Pump", "It broke.", "Come soon.",
    ]  # fmt: skip
    assert document.title == "Pump"
    assert where(document, "To:") == "head"
    assert where(document, "Come soon.") == "body, paragraph 2"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= =?windows-1251?Q?_=CF=F0?=", "Grüße Пр"),
        ("=?no-such-charset?Q?Gr=C3=BC?=", "Grü"),
        ("=?utf-8?B?broken", "=?utf-8?B?broken"),
        ("Grüße", "Grüße"),
    ],
)
def test_encoded_words(field: str, words: str) -> None:
    document = read(f"From: a@x.org\nSubject: {field}\n\nText.\n", "eml")
    assert document.title == words


def multi(plain: str, html: str) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "ann@x.org", "Pump"
    made.set_content(plain)
    made.add_alternative(html, subtype="html")
    return made.as_bytes()


def test_of_alternatives_the_one_that_says_more() -> None:
    html = "<p>The pump in cellar two broke.</p>"
    assert lines(read(multi("The pump in cellar two broke.", html), "eml"))[2:] == [
        "The pump in cellar two broke."
    ]
    assert (
        "cellar" in read(multi("No HTML here", f"<p>{'The cellar is wet. ' * 30}</p>"), "eml").text
    )
    table = "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr></table>"
    assert "A: 1 | B: 2" in read(multi("A B 1 2 " * 9, table), "eml").text


def test_attachments_pictures_and_mails_in_mails() -> None:
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "bo@x.org", "Re: a/b"
    inner.set_content("Inner words.")
    made = EmailMessage()
    made["From"], made["Subject"] = "ann@x.org", "Pump"
    made.set_content("See below.")
    made.add_attachment(b"%PDF-x", "application", "pdf", filename="Rechnung März.pdf")
    made.add_attachment(b"%PDF-y", "application", "pdf")
    made.add_attachment(b"zz", "application", "octet-stream", filename="../../etc/pa\\ss.txt")
    made.add_attachment(b"zz", "application", "octet-stream", filename="Rechnung März.pdf")
    made.add_attachment(b"p", "image", "png", cid="<1>", disposition="inline")
    made.add_attachment(inner)
    document = read(made.as_bytes(), "eml")
    assert [one.name for one in document.attachments] == [
        "Rechnung März.pdf",
        "attachment.pdf",
        "_.._etc_pa_ss.txt",
        "Rechnung März (2).pdf",
        "Re: a_b.eml",
    ]
    assert not any(set("/\\") & set(one.name) for one in document.attachments)
    assert document.attachments[0].data == b"%PDF-x"
    assert "Inner words." in lines(read(document.attachments[-1].data, "eml"))
    assert codes(document) == {"pictures_left_out": 1}


@pytest.mark.parametrize(
    ("raw", "expected", "noted"),
    [
        ("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nCut off.", "Cut off.", True),
        ("Content-Type: multipart/mixed\r\n\r\nNo boundary.", "No boundary.", True),
        ("Content-Transfer-Encoding: base64\r\n\r\nSGVsbG8gYWxsIQ", "Hello all!", True),
        ("Content-Type: text/plain; charset=nonsense\r\n\r\nWords.", "Words.", False),
        ("Content-Type: ;;;=\r\n\r\nWords.", "Words.", False),
        ("Content-Transfer-Encoding: nonsense\r\n\r\nWords.", "Words.", False),
    ],
)
def test_broken_mime_is_read_as_far_as_it_goes(raw: str, expected: str, noted: bool) -> None:
    document = read(HEAD + raw, "eml")
    assert expected in document.text
    assert ("mail_damaged" in codes(document)) is noted or expected == "Hello all!"


def test_encrypted_and_signed() -> None:
    locked = f"{HEAD}Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIIB"
    assert codes(read(locked, "eml")) == {"mail_encrypted": 1}
    signed = (
        f"{HEAD}Content-Type: multipart/signed; boundary=x\r\n\r\n"
        "--x\r\n\r\nSigned words.\r\n--x\r\n"
        "Content-Type: application/pgp-signature\r\n\r\nabc\r\n--x--\r\n"
    )
    document = read(signed, "eml")
    assert (lines(document)[-1], document.attachments) == ("Signed words.", ())


def test_what_is_no_mail_and_what_is_one_under_another_name() -> None:
    assert fault("Just words.\n", "eml") == "not_a_mail"
    assert (
        read(f"{HEAD}Message-ID: <1@x.org>\r\n\r\nWords.\r\n", "text").media_type
        == "message/rfc822"
    )
    assert read("From: here\nTo: there\n\nA story.\n", "text").media_type == "text/plain"


def test_parts_without_end() -> None:
    deep = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(3_000)
    )
    assert fault(HEAD + deep, "eml") == "nested_too_deep"
    many = "--x\r\n\r\nword\r\n" * 6_000
    assert (
        fault(f"{HEAD}Content-Type: multipart/mixed; boundary=x\r\n\r\n{many}--x--", "eml")
        == "mail_parts"
    )


def stored(prefix: str = "", **properties: str | bytes) -> dict[str, bytes]:
    """The streams of an Outlook mail: text properties, or bytes."""
    streams = {f"{prefix}__properties_version1.0": bytes(32)}
    for number, value in properties.items():
        kind, data = (
            ("001F", value.encode("utf-16-le")) if isinstance(value, str) else ("0102", value)
        )
        streams[f"{prefix}__substg1.0_{number.lstrip('p')}{kind}"] = data
    return streams


HEADED = {"p0037": "Pump", "p0C1A": "Ann", "p5D01": "ann@x.org", "p0E04": "Bo"}


def test_outlook_mails_with_attachments() -> None:
    attached = stored("__attach_version1.0_#00000000/", p3707="offer.txt", p3701=b"It costs 5.")
    inner = "__attach_version1.0_#00000001/"
    nested = stored(inner, p3001="Older mail") | stored(
        f"{inner}__substg1.0_3701000D/", **{**HEADED, "p0037": "Older"}, p1000="Inner words."
    )
    document = read(compound(stored(**HEADED, p1000="It broke.\r\n\r\nCome.") | attached | nested))
    assert lines(document) == [
        "From: Ann <ann@x.org>",
        "To: Bo",
        "Subject: Pump",
        "It broke.",
        "Come.",
    ]
    assert [one.name for one in document.attachments] == ["offer.txt", "Older mail.eml"]
    assert document.attachments[0].data.rstrip(b"\0") == b"It costs 5."
    assert "Inner words." in read(document.attachments[1].data, "eml").text


def test_outlook_bodies_in_html_and_compressed_rtf() -> None:
    assert (
        "A: 1 | B: 2"
        in read(
            compound(
                stored(
                    **HEADED,
                    p1000="A B 1 2",
                    p1013=b"<table><tr><th>A<th>B</tr><tr><td>1<td>2</tr></table>".ljust(4096),
                )
            )
        ).text
    )
    packed = compressed_rtf.compress(rb"{\rtf1\ansi It broke\par}" + b" " * 99)
    assert "It broke" in read(compound(stored(**HEADED, p1009=packed))).text


def test_damaged_outlook_mails() -> None:
    whole = compound(stored(**HEADED, p1000="It broke."))
    assert fault(whole[:1024]) == "package_damaged"
    assert fault(compound(stored(**HEADED, p1009=b"nonsense" * 600))) == "package_damaged"
