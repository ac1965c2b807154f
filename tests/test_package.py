"""What is installed: every package, the templates, and a project made by an installed wheel."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_setup_cfg_names_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    named = set(config["options"]["packages"].split())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts).replace("templates", "modelwizard.templates", 1)
        if path.is_relative_to(ROOT / "templates")
        else ".".join(path.parent.relative_to(ROOT).parts)
        for folder in ("modelwizard", "templates")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert named == there


@pytest.mark.slow
def test_a_project_comes_out_of_an_installed_wheel(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", tmp_path / "dist", ROOT], check=True, capture_output=True
    )
    wheel = next((tmp_path / "dist").glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert not [name for name in names if "__pycache__" in name]
    assert {f"modelwizard/templates/{n}" for n in ("tabular/model.py", "common/gitignore")} <= set(names)
    pages = {f.relative_to(ROOT).as_posix() for f in (ROOT / "modelwizard" / "words").rglob("*.toml")}
    assert pages <= set(names)

    # A fresh environment that borrows the dependencies of this one, so that only the wheel itself is new.
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", wheel], check=True)
    site = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))
    made = subprocess.run(
        [tmp_path / "venv" / "bin" / "modelwizard", "new", "demo", "--example", "churn", "--yes", "--no-run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "demo" / "model.py").is_file()
    where = subprocess.run(
        [python, "-c", "import modelwizard; print(modelwizard.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert str(site) in where.stdout
