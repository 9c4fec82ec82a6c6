import os
from pathlib import Path

import pytest

from rl_pipeline.config.errors import ConfigError, Problem
from rl_pipeline.config.yaml_reader import parse_value, parse_yaml, read_yaml

from .conftest import Write


def refusal(text: str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "x.yaml")
    [problem] = caught.value.problems
    return problem


def test_every_key_and_list_item_knows_its_line() -> None:
    document = parse_yaml("a:\n  b: 1\n\n  c:\n    - 5\n    - d: 6\n", "x.yaml")
    assert document.mapping == {"a": {"b": 1, "c": [5, {"d": 6}]}}
    assert document.lines == {
        ("a",): 1,
        ("a", "b"): 2,
        ("a", "c"): 4,
        ("a", "c", "0"): 5,
        ("a", "c", "1"): 6,
        ("a", "c", "1", "d"): 6,
    }
    assert document.place(("a", "c")) == "x.yaml:4"


def test_merge_keys_and_aliases_keep_the_lines_of_their_source() -> None:
    document = parse_yaml("a: &a\n  b: 1\n  c: 2\nd:\n  <<: *a\n  c: 3\ne: *a\n", "x.yaml")
    assert document.mapping["d"] == {"b": 1, "c": 3}
    assert document.mapping["e"] == {"b": 1, "c": 2}
    assert document.lines["d", "b"] == 2
    assert document.lines["d", "c"] == 6


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    assert parse_yaml(text, "x.yaml").mapping == {}


@pytest.mark.parametrize("text", ["- a\n", "word\n", "5\n"])
def test_the_top_level_must_be_a_mapping(text: str) -> None:
    problem = refusal(text)
    assert problem.place == "x.yaml:1"
    assert "must be a mapping" in problem.message
    assert "key: value" in str(problem.remedy)


def test_duplicate_keys_name_both_lines() -> None:
    [problem] = parse_yaml("a:\n  b: 1\n  c: 2\n  b: 3\n", "x.yaml").problems
    assert problem.place == "x.yaml:4"
    assert problem.key == "a.b"
    assert "in line 2 and in line 4" in problem.message
    assert problem.value == "3"
    assert problem.remedy


@pytest.mark.parametrize(
    ("tag", "rest"),
    [
        ("!!python/object:os.system", "{}"),
        ("!!python/object/apply:os.system", "['touch ran']"),
        ("!!python/name:os.system", "''"),
        ("!Mine", "5"),
        ("!!binary", "aGk="),
    ],
)
def test_tags_are_named_refused_and_never_run(tag: str, rest: str, write: Write) -> None:
    document = read_yaml(write(f"a: 1\nb: {tag} {rest}\n"))
    [problem] = document.problems
    assert problem.place == "x.yaml:2"
    assert problem.key == "b"
    assert tag in problem.message
    assert "package.module:Class" in str(problem.remedy)
    assert "b" not in document.mapping
    assert not Path("ran").exists()


def test_a_tag_that_the_value_does_not_fit() -> None:
    [problem] = parse_yaml("a: !!int four\n", "x.yaml").problems
    assert "!!int" in problem.message


@pytest.mark.parametrize(
    ("key", "kind"), [("1", "!!int"), ("yes", "!!bool"), ("~", "!!null"), ("[a, b]", "!!seq")]
)
def test_keys_must_be_text(key: str, kind: str) -> None:
    [problem] = parse_yaml(f"a: 1\n? {key}\n: 2\n", "x.yaml").problems
    assert problem.place == "x.yaml:2"
    assert kind in problem.message
    assert "quote" in str(problem.remedy)


def test_all_refusals_of_a_document_come_together() -> None:
    document = parse_yaml("a: 1\na: 2\nb: !x 3\n4: 5\n", "x.yaml")
    assert [problem.place for problem in document.problems] == ["x.yaml:2", "x.yaml:3", "x.yaml:4"]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a:\n\tb: 1\n", "x.yaml:2:1", "tab"),
        ("a: b: c\n", "x.yaml:1:5", "':' is not allowed"),
        ("a:\n  - 1\nb\nc: 2\n", "x.yaml:3:1", "no ':' after its key"),
        ("a:\n   b: 1\n  c: 2\n", "x.yaml:3:3", "indentation"),
        ("a: 'b\nc: 1\n", "x.yaml:1:4", "quote is not closed"),
        ("a: [1, 2\nb: 1\n", "x.yaml:2:2", "'[' is not closed (began in line 1)"),
        ("a: {b: 1\nc: 2\n", "x.yaml:2:2", "'{' is not closed"),
        ("a: *nobody\n", "x.yaml:1:4", "alias"),
        ("a: @x\n", "x.yaml:1:4", "cannot start a value"),
        ("a: 1\n---\nb: 1\n", "x.yaml:2:1", "second document"),
        ("a: \x00\n", "x.yaml", "special characters"),
    ],
)
def test_syntax_errors_name_line_and_column_in_plain_words(text: str, place: str, words: str) -> None:
    problem = refusal(text)
    assert problem.place == place
    assert "YAML syntax error" in problem.message
    assert words in problem.message
    assert problem.remedy


def test_documents_that_grow_without_end_are_refused() -> None:
    [problem] = parse_yaml("a: &a [*a]\n", "x.yaml").problems
    assert "contains itself" in problem.message
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 10))
    assert "values" in refusal("l0: &l0 [1]\n" + levels).message
    assert "nested" in refusal("a: " + "[" * 5000).message


def test_an_absent_file_lists_the_near_named_ones(write: Write) -> None:
    write("a: 1", "walker_ppo.yaml")
    write("a: 1", "ant.yml")
    write("a: 1", "notes.txt")
    with pytest.raises(ConfigError) as caught:
        read_yaml(Path("walker_po.yaml"))
    [problem] = caught.value.problems
    assert problem.place == "walker_po.yaml"
    assert problem.valid == ["ant.yml", "walker_ppo.yaml"]
    assert problem.nearest == "walker_ppo.yaml"


def test_an_absent_folder_a_folder_and_a_file_that_is_no_text(write: Write) -> None:
    write("", "x.yaml").write_bytes(b"a: \xff\xfe")
    for file, words in [("nowhere/x.yaml", "folder"), (".", "cannot be read"), ("x.yaml", "UTF-8")]:
        with pytest.raises(ConfigError, match=words):
            read_yaml(Path(file))


def test_parse_value_raises_what_documents_list() -> None:
    assert parse_value("{a: [1, 2e3]}", "x") == {"a": [1, 2000.0]}
    with pytest.raises(ConfigError, match="refused"):
        parse_value("!!python/name:os.system ''", "x")


@pytest.mark.parametrize(
    ("merged", "words"),
    [
        ("5", "<<: must name a mapping to merge"),
        ("[{a: 1}, text]", "<<: must name a mapping to merge"),
        ("!!python/name:os.system {}", "the tag !!python/name:os.system is refused"),
        ("!!python/tuple [{a: 1}]", "the tag !!python/tuple is refused"),
        ("!!set {a}", "the tag !!set is refused"),
    ],
)
def test_only_mappings_are_merged(merged: str, words: str) -> None:
    document = parse_yaml(f"block:\n  <<: {merged}\n  b: 2\n", "x.yaml")
    (problem,) = document.problems
    assert words in str(problem)
    assert str(problem).startswith("x.yaml:2: block")
    assert document.mapping["block"]["b"] == 2


@pytest.mark.parametrize("escape", [r"\0", r"\ud800"])
def test_text_that_cannot_be_a_path_is_refused(escape: str) -> None:
    document = parse_yaml(f'folder: "a{escape}b"\n', "x.yaml")
    assert "x.yaml:1: folder: holds a null character or half a surrogate pair" in str(document.problems[0])
    assert document.mapping == {}


def test_what_never_ends_is_no_configuration(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe.yaml", tmp_path / "large.yaml"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(10**10)
    for path, words in [
        (pipe, "is not a regular file"),
        (Path("/dev/zero"), "is not a regular file"),
        (large, "has 10,000,000,000 bytes"),
    ]:
        with pytest.raises(ConfigError, match=words) as error:
            read_yaml(path)
        assert "name a YAML file of at most 4,000,000 bytes" in str(error.value)
