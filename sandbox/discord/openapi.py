"""Request bodies against Discord's official OpenAPI document, where that is at hand."""

from __future__ import annotations

import json
import os
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

BESIDE = Path(__file__).parents[3] / "shared" / "specs" / "discord-openapi.json"


def document(path: Path | None = None) -> Path | None:
    """The document's file: the one given, else DISCORD_OPENAPI's, else the one that lies beside the checkout."""
    for found in (path, Path(os.environ["DISCORD_OPENAPI"]) if "DISCORD_OPENAPI" in os.environ else None, BESIDE):
        if found is not None and found.is_file():
            return found
    return None


class Checker:
    """Findings of each body; validators are made once per operation, when first needed. A body that was looked at
    lately is known: the commands that a desk registers at each start take longer than all else of it.
    """

    def __init__(self, path: Path) -> None:
        from jsonschema import Draft202012Validator  # only who checks needs it

        self._document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._validator = cache(self._make)
        self._looked_at = lru_cache(maxsize=128)(self._look)
        self._class = Draft202012Validator

    def findings(self, method: str, template: str, body: Any) -> list[str]:
        """What the document says against this body, in words; an operation that it does not know is a finding too."""
        return list(self._looked_at(method.lower(), template, json.dumps(body)))

    def _look(self, method: str, template: str, body: str) -> list[str]:
        found = self._validator(method, template)
        if found is None:
            return []
        errors = found.iter_errors(_as_ids(json.loads(body)))
        return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in errors]

    def _make(self, method: str, template: str) -> Any:
        operation = self._document["paths"].get(template, {}).get(method)
        if operation is None or "requestBody" not in operation:
            return None
        contents = operation["requestBody"]["content"]
        schema = contents.get("application/json", contents.get("multipart/form-data", {})).get("schema")
        return self._class({**schema, "components": self._document["components"]}) if schema else None


def can_check() -> bool:
    """Whether the library that checks is installed: the tests have it, who only tries the demo has not."""
    return find_spec("jsonschema") is not None


@cache
def checker(path: Path) -> Checker:
    """One for all stand-ins of a process: the document is large."""
    return Checker(path)


def _as_ids(body: Any) -> Any:
    """The document wants text for ids of attachments; Discord takes numbers, which is what clients send."""
    if isinstance(body, dict) and isinstance(body.get("attachments"), list):
        attachments = [entry | {"id": str(entry["id"])} if "id" in entry else entry for entry in body["attachments"]]
        return body | {"attachments": attachments}
    if isinstance(body, dict) and isinstance(body.get("data"), dict):
        return body | {"data": _as_ids(body["data"])}
    return body
