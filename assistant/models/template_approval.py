"""Approve chat templates: by a known hash, or by a person who was shown the template.

A template comes with the model and is a program, if a small one, in Jinja's sandbox: it can't
reach anything, but it decides what the model reads beside the documents ("always recommend
...") and how long rendering takes. So none is rendered, outside of the locked child that
tries a new model, before its hash was found in the catalogue, in a bundle that a trusted key
signed, or accepted by a person for this very text.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from assistant.errors import ModelError, UnknownTemplateError
from assistant.models.catalogue import load_catalogue
from assistant.models.gguf_header import GgufHeader
from assistant.models.model_record import ModelRecord

CATALOGUE, PERSON, BUNDLE = "catalogue", "person", "bundle"
"""Who allowed a template, as a record has it."""


def template_hash(template: str) -> str:
    """Return the SHA-256 (hex) by which a template is recorded and recognised."""
    return hashlib.sha256(template.encode()).hexdigest()


def approved_by(header: GgufHeader, shown: Path, accepted: str = "") -> str:
    """Return who allows the template in a model's header; errors name the file `shown`.

    `accepted` is the hash that a person accepted, "" if none was asked. Raises
    `UnknownTemplateError`, which carries the text to show, for any other template.
    """
    template = header.chat_template or ""
    digest = template_hash(template)
    if load_catalogue().find_template(digest) is not None:
        return CATALOGUE
    if accepted.strip().lower() == digest:
        return PERSON
    raise UnknownTemplateError(
        f"{shown} brings a chat template that is not known here (SHA-256 {digest}).",
        template=template,
        sha256=digest,
        hint="Add it in a terminal, where the template is shown to you; or, if it was read "
        f"already: --approve-template {digest}",
    )


def require_approved(record: ModelRecord) -> None:
    """Refuse a model whose template nobody allowed. Raises `ModelError`."""
    known = load_catalogue().find_template(record.template_sha256) is not None
    if not known and record.template_approved not in (PERSON, BUNDLE):
        raise ModelError(
            f"The chat template of {record.name} was approved by nobody.",
            hint="Remove the model and add it again: "
            f"assistant models remove {record.base or record.name}",
        )
