"""The sandbox stands in for the API of a sender."""

import pytest

HOST = "api.shop.example"


@pytest.fixture
def told(client):
    def tell(answers, host=HOST):
        return client.post("/_sandbox/apis", json={"host": host, "answers": answers})

    return tell


def get(client, target, host=HOST):
    answer = client.get(f"/_sandbox/apis/{host}{target}")
    return answer.status_code, answer.get_data(as_text=True)


def test_it_answers_what_it_was_told_to_to_the_letter(client, told):
    assert told({"/v1/orders/1": '{"total": 1.10}'}).status_code == 200

    assert get(client, "/v1/orders/1") == (200, '{"total": 1.10}')
    assert client.get(f"/_sandbox/apis/{HOST}/v1/orders/1").content_type == "application/json"


def test_what_the_query_given_says_must_be_asked_and_more_may_be(client, told):
    told({"/v1/orders": "[1]", "/v1/orders?page=2": "[2]", "/v1/x?q=a%20b": "[3]"})

    assert get(client, "/v1/orders?key=k") == (200, "[1]")
    assert get(client, "/v1/orders?key=k&page=2") == (200, "[2]")
    assert get(client, "/v1/x?q=a+b&key=k") == (200, "[3]")
    assert get(client, "/v1/x")[0] == 404


def test_hosts_and_paths_are_apart_and_a_reset_forgets_all(client, told):
    told({"/a%40b": "1"})

    assert get(client, "/a%40b") == (200, "1")
    assert get(client, "/a%40b", host="other.example")[0] == 404
    assert get(client, "/a")[0] == 404
    client.post("/_sandbox/reset")
    assert get(client, "/a%40b")[0] == 404


def test_an_answer_can_be_taken_back(client, told):
    told({"/a": "1", "/b": "2"})

    told({"/a": None})

    assert (get(client, "/a")[0], get(client, "/b")) == (404, (200, "2"))


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"host": "a", "answers": []}'])
def test_what_is_no_list_of_answers_is_refused(client, body):
    answer = client.post("/_sandbox/apis", data=body)

    assert answer.status_code == 400
    assert answer.json["error"]


@pytest.mark.parametrize(("ending", "begins"), [("pdf", b"%PDF-"), ("png", b"\x89PNG")])
def test_a_file_is_there_without_being_told(client, told, ending, begins):
    told({f"/told.{ending}": "1"})

    assert client.get(f"/_sandbox/apis/{HOST}/forms/1/files/taxi.{ending}").data.startswith(begins)
    assert get(client, f"/told.{ending}") == (200, "1")
    assert get(client, "/forms/1/files/taxi.exe")[0] == 404
