import pytest

from mappings import BUILT_IN, MappingFileErrors, load_sources


def test_the_good_sources_come_along_with_what_is_wrong_with_the_others(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mapping.yaml").write_text("source: mine\n")

    with pytest.raises(MappingFileErrors) as caught:
        load_sources(BUILT_IN, tmp_path)

    assert caught.value.problems
    assert set(caught.value.sources) == set(load_sources(BUILT_IN))
