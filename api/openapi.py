"""The interface as a document: `python -m api.openapi > api/openapi.json` renews the committed one."""

import json
import sys
from typing import Any

from api.app import bare_app
from api.problems import ProblemResponse

_FIRST_ERROR_STATUS = 400


def document() -> dict[str, Any]:
    """Return the OpenAPI document; every error is of the problem media type."""
    found = bare_app().openapi()
    for path in found["paths"].values():
        for operation in path.values():
            for status, response in operation["responses"].items():
                if int(status) >= _FIRST_ERROR_STATUS:
                    response["content"] = {
                        ProblemResponse.media_type: response["content"]["application/json"]
                    }
    return found


def document_text() -> str:
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document_text())
