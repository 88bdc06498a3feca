"""What is installed below `.local/`, and what is said when the machine lacks something."""

import threading

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


def test_a_second_run_waits_for_the_first_and_finds_it_made(local, monkeypatch):
    lock = local / "requirements.lock"
    lock.write_text("# nothing\n", encoding="utf-8")
    made = []

    def install(name, _lock, folder):
        made.append(name)
        folder.mkdir(parents=True)

    monkeypatch.setattr(bootstrap, "_install", install)
    with bootstrap._alone("sample"):
        second = threading.Thread(target=bootstrap.venv, args=("sample", lock))
        second.start()
        install("sample", lock, bootstrap.LOCAL / "sample")
        (bootstrap.LOCAL / "sample" / ".layerguard-stamp").write_text(bootstrap._stamp_text(lock), encoding="utf-8")
    second.join()
    assert made == ["sample"]


def test_a_folder_that_cannot_be_written_is_said(local):
    (local / ".local").write_text("a file where the folder should be", encoding="utf-8")
    (local / "requirements.lock").touch()
    with pytest.raises(bootstrap.Missing, match=r"could not write to `.*\.local`: .*; make it writable"):
        bootstrap.venv("sample", local / "requirements.lock")
