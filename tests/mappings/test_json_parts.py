"""JSON that a mapping writes: lists, conditions, and keys that are left out where they hold nothing."""

import pytest

from mappings.conversions import Unfit
from mappings.expressions import BadExpression, Interpreter, compile_expression
from mappings.scopes import Scope
from mappings.templates import calls, compile_json, fill_json


def written(template: object, root: object) -> object:
    return fill_json(compiled(template), Interpreter(Scope(root)), root)


def compiled(template: object):
    return compile_json(template, compile_expression)


def test_an_object_with_each_is_one_for_each_item_which_is_its_root():
    template = {"options": {"each": "words", "value": "{@}", "of": "{root('title')}"}}

    assert written(template, {"words": ["a", "b"], "title": "T"}) == {
        "options": [{"value": "a", "of": "T"}, {"value": "b", "of": "T"}]
    }


def test_among_others_in_a_list_they_stand_one_after_the_other():
    template = ["first", {"each": "words", "value": "{@}"}, {"each": "nothing", "value": "{@}"}, "last"]

    assert written(template, {"words": ["a", "b"]}) == ["first", {"value": "a"}, {"value": "b"}, "last"]


@pytest.mark.parametrize(
    ("root", "left"), [({"a": "x"}, [{"value": "x"}]), ({"a": ""}, []), ({"a": False}, []), ({}, [])]
)
def test_an_object_with_when_is_in_a_list_where_that_holds(root, left):
    assert written([{"when": "a", "value": "{a}"}], root) == left


def test_a_condition_beside_each_is_asked_of_each_item():
    assert written([{"each": "@", "when": "b", "v": "{a}"}], [{"a": "1", "b": True}, {"a": "2"}]) == [{"v": "1"}]


@pytest.mark.parametrize(
    ("template", "left"),
    [
        ({"a?": "{a}", "b?": "{b}"}, {"a": "x"}),
        ({"deep?": {"b?": "{b}"}, "list?": ["{a}"]}, {"list": ["x"]}),
        ({"when?": {"when": "b", "c": "d"}, "not": {"when": "b", "c": "d"}}, {"not": None}),
        ({"no?": False, "zero?": 0, "none?": None}, {"no": False, "zero": 0}),
    ],
)
def test_a_key_with_a_question_mark_is_left_out_where_it_holds_nothing(template, left):
    assert written(template, {"a": "x", "b": ""}) == left


def test_what_is_no_list_is_an_error():
    with pytest.raises(Unfit, match="a text is not a list"):
        written({"each": "a"}, {"a": "x"})


@pytest.mark.parametrize("template", [{"each": 7}, {"when": ["a"]}, {"when": "nosuch(a)"}])
def test_only_expressions_steer(template):
    with pytest.raises(BadExpression):
        compiled(template)


def test_what_it_calls_is_known_wherever_it_stands():
    assert calls(compiled({"a": [{"each": "words(a)", "b": "c"}]}), "words")
    assert calls(compiled({"a": [{"when": "a", "b": "{words(c)}"}]}), "words")
    assert not calls(compiled({"a": [{"when": "a", "b": "{c}"}]}), "words")
