import pytest

from config.environment import deployment_environ, read_text, read_texts
from config.problems import ConfigError


def test_a_mounted_secret_is_read_without_its_newline(tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")

    assert read_text({"TOKEN_FILE": str(tmp_path / "secret")}, "TOKEN") == "hunter2"


def test_a_mounted_secret_that_is_empty_is_unset(tmp_path):
    (tmp_path / "secret").write_text("\n")

    assert read_text({"TOKEN_FILE": str(tmp_path / "secret")}, "TOKEN") is None


def test_problems_of_files_are_collected_while_the_rest_is_read(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff")
    environ = {"A": "1", "B_FILE": f"{tmp_path}/absent", "C_FILE": f"{tmp_path}/binary", "D_FILE": str(tmp_path)}

    texts, problems = read_texts(environ, ["A", "B", "C", "D", "E"])

    assert texts == {"A": "1"}
    assert [problem.rpartition(": ")[2] for problem in problems] == [
        "no such file or directory",
        "not utf-8 text",
        "is a directory",
    ]


def test_a_value_and_a_file_for_one_setting_are_a_contradiction(tmp_path):
    with pytest.raises(ConfigError, match="A and A_FILE are both set; keep one"):
        read_text({"A": "1", "A_FILE": str(tmp_path)}, "A")


def test_the_environment_stands_over_the_dotenv_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("# note\nBOOKHOOK_A=file\nBOOKHOOK_B='has $dollar'\nBOOKHOOK_C\n")
    monkeypatch.setenv("BOOKHOOK_A", "process")

    environ = deployment_environ(tmp_path)

    assert (environ["BOOKHOOK_A"], environ["BOOKHOOK_B"]) == ("process", "has $dollar")
    assert "BOOKHOOK_C" not in environ


def test_no_dotenv_file_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setenv("BOOKHOOK_A", "process")

    assert deployment_environ(tmp_path)["BOOKHOOK_A"] == "process"


def test_a_value_in_single_quotes_is_read_from_the_file_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.delenv("SECRET_OF_A_TEST", raising=False)
    (tmp_path / ".env").write_text("SECRET_OF_A_TEST='pa$$word # ${HOME}'\n")

    assert read_text(deployment_environ(tmp_path), "SECRET_OF_A_TEST") == "pa$$word # ${HOME}"
