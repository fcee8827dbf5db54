import pytest

from mappings import BUILT_IN, MappingFileErrors, load_sources


def test_the_good_sources_come_along_with_what_is_wrong_with_the_others(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mapping.yaml").write_text("source: mine\n")

    with pytest.raises(MappingFileErrors) as caught:
        load_sources(BUILT_IN, tmp_path)

    assert caught.value.problems
    assert set(caught.value.sources) == set(load_sources(BUILT_IN))


def test_what_mapping_files_repeat_is_compiled_once():
    first, again = (load_sources(BUILT_IN)["shopify"].plan for _ in range(2))

    assert first.topic is again.topic
