"""A patch over a mapping file: what it changes, and that nothing in it is passed over."""

from pathlib import Path

import pytest

from mappings import BUILT_IN, MappingFileErrors, Options, Received, load_source, patch_source
from mappings.patching import lay_over

BODY = b"""{"type": "paid", "id": 1, "number": "7", "day": "2026-03-04", "currency": "EUR", "buyer": {"name": "Jo",
 "email": "jo@example.com"}, "rows": [{"title": "Cap", "quantity": 1, "price": "2.00"}], "total": "2.00"}"""


def lay(base, patch):
    problems = []
    return lay_over(base, patch, lambda path, what: problems.append(f"{path}: {what}")), problems


@pytest.mark.parametrize(
    ("base", "patch", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3, "d": 4}}, {"a": {"b": 1, "c": 3, "d": 4}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [1, 2]}, {"a": {"each": "x"}}, {"a": {"each": "x"}}),
        ({"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": 1, "b?": 2, "c": 3}, {"b": 4}, {"a": 1, "b": 4, "c": 3}),
        ({"a": {"b": {"c": 1}}}, {"a?": {"b": {"d": 2}}}, {"a?": {"b": {"c": 1, "d": 2}}}),
        ({"b?": 2, "c": 1}, {"b": None}, {"c": 1}),
        ({}, {"a": {"b": {"c": 1}}}, {"a": {"b": {"c": 1}}}),
        ({"a": 1}, {}, {"a": 1}),
    ],
)
def test_mappings_are_merged_all_else_is_replaced_and_null_takes_away(base, patch, merged):
    assert lay(base, patch) == (merged, [])
    assert list(lay(base, patch)[0]) == list(merged)


def test_what_an_alias_shares_is_changed_in_the_one_place_that_is_named():
    shared = {"b": 1}
    base = {"one": shared, "two": shared}

    assert lay(base, {"one": {"b": 2}})[0] == {"one": {"b": 2}, "two": {"b": 1}}
    assert base == {"one": {"b": 1}, "two": {"b": 1}}


def test_a_patch_may_choose_another_default_among_the_words_and_no_other(tmp_path):
    stripe, patch = load_source(BUILT_IN / "stripe"), tmp_path / "stripe.patch.yaml"
    patch.write_text("options: {mode: {default: test}}")

    patched = patch_source(stripe, patch)

    assert patched.with_options({}).options["mode"] == "test"
    assert patched.option_faults({"mode": "prod"}) == {"mode": "is 'prod'; it is one of live, test"}
    patch.write_text("options: {mode: {default: prod}}")
    with pytest.raises(MappingFileErrors, match=r"options\.mode\.default: must be one of live, test"):
        patch_source(stripe, patch)


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ({"invoice": {"note": None}}, "invoice.note: there is nothing to take away, did you mean notes?"),
        ({"contact": {"email": None}}, "contact.email: there is nothing to take away"),
        ({"source": "mine"}, "source: a patch is for one source, and does not rename it"),
        ({"verify": {"secret": "X"}}, "verify.secret: give the connection its `secret` instead"),
    ],
)
def test_what_cannot_be_meant_is_said(patch, problem):
    assert lay({"source": "shop", "invoice": {"notes": "x"}}, patch)[1] == [problem]


@pytest.fixture
def shop(source, tmp_path):
    """The minimal source with a patch over it."""

    def lay_over_it(patch):
        (tmp_path / "acme.patch.yaml").write_text(patch)
        return patch_source(source(), tmp_path / "acme.patch.yaml")

    return lay_over_it


@pytest.fixture
def complaints(shop, tmp_path):
    """What is wrong with a patch over the minimal source, each from its path on."""

    def complain(patch):
        with pytest.raises(MappingFileErrors) as caught:
            shop(patch)
        beginning = f"{tmp_path / 'acme.patch.yaml'}: "
        assert all(each.startswith(beginning) for each in caught.value.problems)
        return [each.removeprefix(beginning) for each in caught.value.problems]

    return complain


def test_a_patched_source_maps_otherwise_where_the_patch_says_so(shop):
    patched = shop(
        "events: {paid: {contact: {email?: null}, invoice: {reference_number: \"join('-', ['A', number])\"}}}"
    )

    drafts = patched.render(Received(BODY, {}), Options(), topic="paid")

    assert (drafts.invoice.reference_number, drafts.contact.email) == ("A-7", None)
    assert str(drafts.invoice.control_total) == "2.00"
    assert patched.name == "shop"


def test_a_patch_may_bring_events_and_options_and_take_events_away(shop):
    patched = shop("""
options: {prefix: {meaning: what numbers begin with, default: X}}
events:
  paid: {once_per: "{option('prefix')}:{id}"}
  dropped:
    once_per: "order:{id}"
    cancel: {date: day}
""")

    assert patched.topics == ("paid", "dropped")
    assert patched.identify(Received(BODY, {})).once_per == "X:1"


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ("events: {paid: {invoice: {refrence_number: number}}}", "events.paid.invoice: no such field: refrence_number"),
        ("events: {paid: {invoice: {control_total: null}}}", "events.paid.invoice: control_total is missing"),
        ("events: {paid: {invoice: {date: dat(day)}}}", "events.paid.invoice.date: no such function: dat()"),
        ("events: {paid: null}", "events: must hold at least one topic"),
        ("events: {payd: null}", "events.payd: there is nothing to take away, did you mean paid?"),
        (
            "events: {payd: {invoice: {notes: number}}}",
            "events.payd: the source has no such topic to change, did you mean paid?",
        ),
        ("verfy: {}", "no such key: verfy, did you mean verify?"),
        ("- a list", "must be a mapping of keys to values"),
        ("events: {paid: {}, paid: {}}", "line 1: the key paid stands here a second time"),
        ("events: {", "line "),
    ],
)
def test_a_patch_is_checked_as_strictly_as_a_mapping_with_its_places(complaints, patch, problem):
    assert complaints(patch)[0].startswith(problem)


def test_a_topic_that_is_misspelt_is_one_problem(complaints):
    assert len(complaints("events: {payd: {invoice: {notes: number}}}")) == 1


def test_all_problems_of_a_patch_come_at_once(complaints):
    assert len(complaints("events: {paid: {invoice: {date: dat(day), lines: [], notez: x}, reply: {sent: {}}}}")) == 4


def test_a_patch_that_is_not_there_is_said(source, tmp_path):
    with pytest.raises(MappingFileErrors, match=r"none\.yaml: cannot be read: no such file"):
        patch_source(source(), tmp_path / "none.yaml")


def test_the_patch_on_the_page_fits_the_source_that_it_is_for(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "connections.md").read_text()
    shown = page.split("## A mapping that fits nearly")[1].split("```yaml\n")[1].split("```")[0]
    (tmp_path / "acme.patch.yaml").write_text(shown)
    paid = next(each for each in load_source(BUILT_IN / "shopify").examples() if each.case == "paid_order")

    patched = patch_source(load_source(BUILT_IN / "shopify"), tmp_path / "acme.patch.yaml")
    drafts = patched.render(Received(paid.body, paid.headers), Options(), topic="orders/paid")

    assert (drafts.invoice.notes, drafts.contact.phone) == ("VAT is owed by the recipient", None)
    assert drafts.payments == ()


def test_every_source_of_ours_is_itself_under_a_patch_that_changes_nothing(tmp_path):
    (tmp_path / "same.yaml").write_text("events: {}")

    for folder in sorted(each for each in BUILT_IN.iterdir() if (each / "mapping.yaml").is_file()):
        source = load_source(folder)
        assert patch_source(source, tmp_path / "same.yaml") == source
