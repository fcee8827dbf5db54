"""XML bodies: always the same shape, and nothing but text comes out of them."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Unreadable
from mappings import Options, Received
from mappings.multipart import Malformed
from mappings.xml_bodies import read_xml

XML = {"Content-Type": "text/xml; charset=utf-8"}
# developer.salesforce.com/docs/platform/api/guide/sforce-api-om-outboundmessaging-wsdl.html
SOAP = """\
<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Header><token>left aside</token></soapenv:Header>
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>00D5e000000KQ2eEAG</OrganizationId>
   <SessionId xsi:nil="true"/>
   %s
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>
"""
NOTIFICATION = """
<Notification>
 <Id>04l%s</Id>
 <sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
  <sf:Id>006A</sf:Id><sf:Amount>12.10</sf:Amount><sf:Name>Caps &amp; more</sf:Name><sf:NextStep/>
 </sObject>
</Notification>"""
OPPORTUNITY = {"@type": "sf:Opportunity", "Id": "006A", "Amount": "12.10", "Name": "Caps & more", "NextStep": None}
MAPPING = """\
source: shop
accepts: [text/xml]
xml_lists: [Notification]
verify: {scheme: path_token, secret: SHOP_TOKEN}
reply:
  queued: &ack
    status: 200
    xml: >-
      <Envelope><Ack of="{notifications.OrganizationId}">true</Ack></Envelope>
  duplicate: *ack
identify:
  topic: "'won'"
events:
  won:
    once_per: "deal:{notifications.Notification[0].sObject.Id}"
    expense:
      date: "'2026-03-14'"
      amount: money(notifications.Notification[0].sObject.Amount)
      currency_code: "'USD'"
      account_name: "'Sales'"
"""


def soap(count: int) -> bytes:
    return (SOAP % "".join(NOTIFICATION % number for number in range(count))).encode()


@pytest.mark.parametrize("count", [1, 2, 100])
def test_a_soap_message_has_one_shape_however_much_it_holds(count):
    read = read_xml(soap(count), {"Notification"})

    assert read == {
        "notifications": {
            "OrganizationId": "00D5e000000KQ2eEAG",
            "SessionId": None,
            "Notification": [{"Id": f"04l{number}", "sObject": OPPORTUNITY} for number in range(count)],
        }
    }


def test_what_stands_twice_without_being_declared_is_never_halved():
    with pytest.raises(Malformed, match="the element Notification stands twice"):
        read_xml(soap(2))
    with pytest.raises(Malformed, match="an element stands twice"):
        read_xml("<a><名/><名/></a>".encode())


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("<a/>", {"a": None}),
        ("<a></a>", {"a": None}),
        ("<a> </a>", {"a": " "}),
        ("<a>1 &lt; 2<!-- no --></a>", {"a": "1 < 2"}),
        ("<a><![CDATA[<b>]]></a>", {"a": "<b>"}),
        ('<a id="1">x</a>', {"a": "x"}),
        ('<a id="1"><b/></a>', {"a": {"@id": "1", "b": None}}),
        ('<x:a xmlns:x="urn:x"><x:b>1</x:b></x:a>', {"a": {"b": "1"}}),
        ("<a>text<b>1</b>more</a>", {"a": {"b": "1"}}),
        ('<?xml version="1.0" encoding="iso-8859-1"?><a>\xe9</a>', {"a": "é"}),
        ("<Envelope><Body>1</Body></Envelope>", {"Envelope": {"Body": "1"}}),
        ('<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>', {}),
    ],
)
def test_an_element_is_its_elements_or_its_text(document, value):
    assert read_xml(document.encode("latin-1")) == value


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "not XML at line 1"),
        (b"<a>", "not XML at line 1, character 4"),
        (b"<a/><b/>", "not XML"),
        (b"<a>&undeclared;</a>", "not XML"),
        (b"<a>\xff</a>", "not XML"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="base64"?><a/>', "encoding"),
        (b"<!DOCTYPE a><a/>", "document type"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "document type"),
        (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "document type"),
        (b'<!DOCTYPE a SYSTEM "http://evil.example/a.dtd"><a/>', "document type"),
        (b"<a>" * 100_000 + b"</a>" * 100_000, "nested too deeply"),
        (b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>', "without a body"),
    ],
    ids=lambda given: given[:60] if isinstance(given, str) else "",
)
def test_what_is_no_document_is_told_to_a_person_without_quoting_it(document, reason):
    with pytest.raises(Unreadable, match=reason) as told:
        Received(document, XML).read()
    assert "passwd" not in told.value.message


@given(
    st.binary()
    | st.text().map(str.encode)
    | st.lists(st.sampled_from(["<a>", "</a>", "<b/>", "x", "&amp;", "<!"])).map("".join).map(str.encode)
)
def test_any_bytes_are_read_or_refused(document):
    try:
        read = read_xml(document)
    except Malformed:
        return
    assert json.dumps(read)


def test_a_mapping_reads_the_document_and_answers_in_kind(source):
    shop, received = source(MAPPING), Received(soap(1), XML)

    identity = shop.identify(received)
    drafts = shop.render(received, Options(paid_through="Bank"), topic=identity.topic)
    reply = shop.reply(received, "queued", topic=identity.topic)

    assert (identity.topic, identity.once_per) == ("won", "deal:006A")
    assert drafts.expense.amount == Decimal("12.10")
    assert (reply.status, reply.content_type) == (200, "text/xml; charset=utf-8")
    assert reply.body == b'<Envelope><Ack of="00D5e000000KQ2eEAG">true</Ack></Envelope>'


def test_what_the_sender_said_is_escaped_in_the_answer(source):
    document = b"<notifications><OrganizationId>&quot;/>&lt;x&gt;&amp;'\xc2\x85</OrganizationId></notifications>"

    reply = source(MAPPING).reply(Received(document, XML), "queued", topic="won")

    assert read_xml(reply.body)
    assert b"&quot;/&gt;&lt;x&gt;&amp;&#x27;" in reply.body


@pytest.mark.parametrize("topic", ["won", "", "another"])
def test_even_what_cannot_be_read_is_answered_in_kind(source, topic):
    reply = source(MAPPING).reply(Received(b"<", XML), "queued", topic=topic)

    assert reply.body == b'<Envelope><Ack of="">true</Ack></Envelope>'


def test_an_events_own_answer_comes_before_that_of_the_file(source):
    own = MAPPING.replace("    expense:", "    reply: {queued: {status: 201, text: mine}}\n    expense:")
    shop, received = source(own), Received(soap(1), XML)

    assert shop.reply(received, "queued", topic="won").body == b"mine"
    assert shop.reply(received, "duplicate", topic="won").body.startswith(b"<Envelope>")
    assert shop.reply(received, "ignored", topic="won") is None


def test_history_of_a_sender_of_xml_may_be_json(source):
    body = json.dumps({"notifications": {"Notification": [{"sObject": OPPORTUNITY}]}}).encode()

    assert source(MAPPING).identify(Received(body, XML)).once_per == "deal:006A"
