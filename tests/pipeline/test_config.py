"""Settings: from a file, checked, and back."""

from pathlib import Path

import pytest

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import MatchingConfig, RunConfig
from jaxrepsim.pipeline.config_file import differences, from_plain, load_config, load_configs, place_of, to_plain

HEAD = (
    "from jaxrepsim.pipeline import DataConfig, MatchingConfig, ModelConfig, RunConfig, TrainingConfig\n"
    "from jaxrepsim.pipeline.parts import Chance\n"
)


def load(tmp_path, body):
    path = tmp_path / "some.py"
    path.write_text(HEAD + body)
    return load_config(path)


def test_settings_survive_json(tmp_path):
    config = load(tmp_path, "config = RunConfig(title='a', data=DataConfig(directory='~/sets'))")
    assert from_plain(to_plain(config)) == config
    assert differences(to_plain(config), to_plain(config)) == []


def test_differences_name_the_setting_and_both_values():
    changed = to_plain(RunConfig(matching=MatchingConfig(epsilons=(0.1, 0.2))))
    assert differences(to_plain(RunConfig()), changed) == [
        "config.matching.epsilons: [0.15, 0.2, 0.25, 0.3, 0.5] there, [0.1, 0.2] here".removeprefix("config.")
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("config = RunConfig(modle=ModelConfig())", "no setting 'RunConfig.modle'; did you mean 'model'"),
        ("config = RunConfig(training=TrainingConfig(epoch=3))", "'TrainingConfig.epoch'; did you mean 'epochs'"),
        ("config = RunConfig(chance=Chance(draw=3))", "'Chance.draw'; did you mean 'draws'"),
        ("config = RunConfig(chance=Chance(draws=-3))", "draws must be at least 0; received -3"),
        ("config = RunConfig(training=TrainingConfig(epochs='3'))", "epochs must be at least 1; received '3'"),
        ("config = RunConfig(training=TrainingConfig(epochs=0))", "epochs must be at least 1; received 0"),
        ("config = RunConfig(matching=MatchingConfig(epsilons=(0.5, 1.0)))", r"epsilons must be in \[0, 1\)"),
        ("config = RunConfig(matching=MatchingConfig(epsilons=(-0.1,)))", r"epsilons must be in \[0, 1\)"),
        ("config = RunConfig(matching=MatchingConfig(redraws=16))", "redraws must be 1 where all positions are used"),
        ("config = RunConfig(title=3)", r"expected `str`, got `int` \(in title\)"),
        ("config = RunConfig(model=ModelConfig(width=-1.0))", "width must be positive"),
        ("confg = RunConfig()", "must assign a jaxrepsim.pipeline.RunConfig"),
        ("config = ]", "SyntaxError"),
        ("import not_there", "not_there"),
        ("runs = {}", "must assign a jaxrepsim.pipeline.RunConfig to the name `config`, or a dict of them"),
        ("runs = {'a': 3}", "or a dict of them, by their names, to `runs`"),
        ("runs = {'a': RunConfig(title=3)}", r"expected `str`, got `int`"),
        ("runs = {'../a': RunConfig()}", r"a run's name is that of its folder.*received '../a'"),
        ("runs = {18: RunConfig(), 'b': RunConfig()}", "a run's name is that of its folder, a text.*received 18"),
        ("config = RunConfig(); runs = {'a': config}", "assigns both `config` and `runs`"),
        ("runs = {'a': RunConfig(), 'b': RunConfig()}", "has the runs a, b: name one of them"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, body, message):
    with pytest.raises(InputError, match=message) as caught:
        load(tmp_path, body)
    assert "some.py" in str(caught.value)


def test_a_config_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"no config file .*absent\.py"):
        load_config(tmp_path / "absent.py")


def test_a_misspelt_key_in_stored_settings():
    with pytest.raises(InputError, match=r"'training.epoch'; did you mean 'epochs'"):
        from_plain({"training": {"epoch": 3}})
    with pytest.raises(InputError, match=r"there is no setting 'chance.needs'"):
        from_plain({"chance": {"needs": "images"}})


def test_several_runs_of_a_file_keep_their_names_and_order(tmp_path):
    path = tmp_path / "some.py"
    path.write_text(HEAD + "runs = {name: RunConfig(title=name) for name in ('wide', 'narrow')}")
    assert load_configs(path) == {"wide": RunConfig(title="wide"), "narrow": RunConfig(title="narrow")}
    path.write_text(HEAD + "config = RunConfig(title='a')")
    assert load_configs(path) == {"some": RunConfig(title="a")}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("configs/digits_vgg.py", "runs/digits_vgg"),
        ("configs/width/smoke.py", "runs/width/smoke"),
        ("/a/configs/b/configs/c/full.v2.py", "runs/c/full.v2"),
        ("configs/../elsewhere/mine.py", "runs/mine"),
        ("configs.py", "runs/configs"),
    ],
)
def test_the_place_of_a_config_file(path, place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert place_of(Path(path)) == Path(place)


def test_the_place_is_the_same_from_within_the_folder(tmp_path, monkeypatch):
    (tmp_path / "configs" / "width").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "configs" / "width")
    assert place_of(Path("smoke.py")) == Path("runs/width/smoke")
