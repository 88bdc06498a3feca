"""What is installed below `.local/`, and what is said when the machine lacks something."""

import pytest

import bootstrap


@pytest.fixture
def local(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "LOCAL", tmp_path / ".local")
    monkeypatch.setattr(bootstrap, "REPOSITORY", tmp_path)
    return tmp_path


def test_an_environment_is_reused_until_its_lock_changes_and_a_half_made_one_is_not(local):
    lock = local / "requirements.lock"
    lock.write_text("# nothing\n", encoding="utf-8")
    mark = local / ".local" / "sample" / "mark"
    mark.parent.mkdir(parents=True)
    mark.touch()  # a folder without a stamp: an interrupted run

    bootstrap.venv("sample", lock)
    assert not mark.exists() and (mark.parent / "bin" / "python").exists()

    mark.touch()
    bootstrap.venv("sample", lock)
    assert mark.exists(), "an unchanged lock file installs nothing"

    lock.write_text("# changed\n", encoding="utf-8")
    bootstrap.venv("sample", lock)
    assert not mark.exists()


def test_a_package_that_cannot_be_installed_leaves_no_stamp(local):
    lock = local / "requirements.lock"
    lock.write_text("./missing --hash=sha256:00\n", encoding="utf-8")
    with pytest.raises(bootstrap.Missing, match=r"could not install `requirements.lock`: .*; check that"):
        bootstrap.venv("sample", lock)
    assert not (local / ".local" / "sample" / ".layerguard-stamp").exists()


def test_a_missing_npm_is_said_with_the_remedy(local, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(local))
    assert bootstrap.main(["npm"]) == 2
    assert capsys.readouterr().err.strip() == (
        "layerguard: `node` is not installed, which the check of the state machines needs: install Node.js 18 or later"
    )


def test_a_missing_venv_module_is_said_with_the_remedy(local, monkeypatch, capsys):
    monkeypatch.setitem(bootstrap.sys.modules, "ensurepip", None)
    assert bootstrap.main(["stack"]) == 2
    assert "python3 has no venv module: install it" in capsys.readouterr().err
