"""Packages are packages, and importing one loads nothing but itself."""

from pathlib import PurePosixPath

from tests.architecture.source import ROOT, python_files

# Streamlit and Alembic run these files as scripts; nobody imports them.
SCRIPT_FOLDERS = {"dashboards/app_pages", "store/migrations/versions"}


def folders() -> list[str]:
    parents = {str(PurePosixPath(name).parent) for name in python_files()}
    return sorted(parents - SCRIPT_FOLDERS - {"."})


def test_every_folder_of_code_is_a_package() -> None:
    assert [name for name in folders() if not (ROOT / name / "__init__.py").is_file()] == []


def test_every_package_opens_empty() -> None:
    assert [name for name in folders() if (ROOT / name / "__init__.py").read_text()] == []
