"""The step `bundle`: collect, describe, sign, write, verify."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from assistant.bundle.file_layout import SUFFIX
from assistant.bundle.manifest import READER_ROLES, TIME_FORMAT, Base, BundleFile, Manifest, Prompt
from assistant.errors import ModelError, UsageError
from assistant.models.adapter_check import why_not_adapter, why_not_over
from assistant.models.gguf_header import read_header
from assistant.models.model_install import checked_chat_header, probe_model, try_reader
from assistant.models.model_record import MODEL_FILE, RECORD_FILE, read_record, safe_name
from assistant.prompts import DEFAULT_STYLE, PROMPT_VERSION
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, quiet
from convert.bundle.bundle_writer import Part, measure, require_new, write_bundle
from convert.bundle.evaluation_check import (
    REPORT_FILE,
    Evaluation,
    decide,
    read_evaluation,
    summary,
)
from convert.bundle.lineage import (
    plain,
    read_steps,
    require_made_by,
    require_sources,
    sources_of,
    to_steps,
)
from convert.bundle.model_card import flat, make_card
from convert.bundle.packed_library import carried
from convert.bundle.request_check import PAYLOAD_FILES, Contents, check_request
from convert.bundle.settings import BundleSettings
from convert.bundle.signing_keys import SigningKey, read_signing_key
from convert.step_record import STEP_FILE, file_sha256, is_done, write_record

STEP = "bundle"
NEEDS_PROGRAM = "0.1.0"
"""The oldest version of the laptop's program that can use what is packed here."""
CARD_FILE = "card.md"
EVALUATION_FILE = "evaluation.json"
RECIPE_FILE = "recipe.json"
_MAX_LICENCE = 1 << 20


def run_bundle(
    settings: BundleSettings,
    contents: Contents,
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> Path:
    """Pack and sign; return the bundle in `out`, which also gets the step's record.

    What was packed from the same inputs with the same settings is not packed again.
    Raises `UsageError` for what is missing or does not belong together (no gate passed,
    another file than the steps made, no licence), `ModelError` for a file that the laptop
    could not run or a full disk, `Cancelled` on cancel.
    """
    started = time.monotonic()
    check_request(settings, contents)
    packing = _Packer(
        settings, contents, read_signing_key(Path(settings.key)), Job.of(progress, cancel)
    )
    target = out / f"{settings.name}-v{settings.version}{SUFFIX}"
    task: dict[str, Any] = {
        "inputs": _inputs(contents),
        "settings": {
            **asdict(settings), "key": packing.key.identity.hex(), "kind": contents.kind,
        },
        "outputs": {target.name: target},
    }  # fmt: skip
    if contents.sealing is not None:
        require_new(target)
    elif is_done(out, STEP, **task):
        return target
    packing.write(out)
    write_record(out, STEP, **task, seconds=time.monotonic() - started)
    return target


def _inputs(contents: Contents) -> dict[str, Path]:
    """Return all files that the bundle depends on, by name."""
    named = {"payload": contents.payload, "base": contents.base, "recipe": contents.recipe}
    if contents.evaluation is not None:
        named["evaluation"] = contents.evaluation / REPORT_FILE
    named |= {f"step {n}": folder / STEP_FILE for n, folder in enumerate(contents.steps)}
    return {name: path for name, path in named.items() if path is not None}


def _payload_parts(kind: str, path: Path) -> list[Part]:
    """Return the payload, and of a reader the files that belong to it."""
    if kind == "reader":
        return [Part(name, role, path / name) for role, name in READER_ROLES.items()]
    return [Part(PAYLOAD_FILES[kind], kind, path)]


def _base(contents: Contents) -> Base | None:
    """Describe the base; of an installed model its record tells name and origin."""
    path = contents.base
    if path is None or contents.kind in ("library", "reader"):
        return None
    digest = file_sha256(path)
    if path.name == MODEL_FILE and (path.parent / RECORD_FILE).is_file():
        record = read_record(path.parent)
        if record.sha256 == digest:
            made_here = "" if record.source_sha256 == digest else record.source_sha256
            return Base(record.name, digest, made_here)
    return Base(safe_name(path.stem), digest)


def _evaluation(contents: Contents, payload: BundleFile, base: Base | None) -> Evaluation | None:
    if contents.evaluation is None or contents.kind == "library":
        return None
    over = base.sha256 if base is not None and contents.kind == "adapter" else ""
    return read_evaluation(contents.evaluation, payload.sha256, over)


@dataclass(frozen=True, slots=True)
class _Packer:
    """One bundle: how it is called, what goes in, who signs it."""

    settings: BundleSettings
    contents: Contents
    key: SigningKey
    job: Job

    def write(self, out: Path) -> None:
        """Put the parts together and write the bundle into `out`."""
        contents, job = self.contents, self.job
        with carried(contents.payload, contents.sealing, out, job) as (file, sealed):
            part, *others = _payload_parts(contents.kind, file)
            payload = measure([part], job.progress)[0]
            base = _base(contents)
            evaluation = _evaluation(contents, payload, base)
            manifest = self._manifest(payload, base, evaluation)
            texts = [*self._texts(manifest, evaluation), *sealed, *others]
            # The payload last: whoever reads the file from its beginning meets the texts first.
            manifest = replace(manifest, files=(*measure(texts), payload))
            write_bundle(manifest, [*texts, part], self.key, out, job)

    def _manifest(
        self, payload: BundleFile, base: Base | None, evaluation: Evaluation | None
    ) -> Manifest:
        """Put the manifest together, all but its files."""
        settings, contents = self.settings, self.contents
        library = contents.kind == "library"
        forced = settings.force_without_gate or ("a library has no gate" if library else "")
        gate = decide(evaluation, forced)
        folders = list(contents.steps)
        if contents.evaluation is not None and contents.evaluation not in folders:
            folders.append(contents.evaluation)
        records = read_steps(folders)
        sources = sources_of(records, settings.sources)
        if contents.steps and not library:
            require_made_by(payload.sha256, records, contents.payload)
            require_sources(sources)
        return Manifest(
            kind=contents.kind,
            name=settings.name,
            version=settings.version,
            label=settings.label,
            title=settings.title or settings.name,
            created=time.strftime(TIME_FORMAT, time.gmtime()),
            signer=self.key.identity.hex(),
            program=NEEDS_PROGRAM,
            licence=settings.licence,
            gate=gate,
            files=(),
            base=base,
            prompt=self._prompt(),
            calibration=evaluation.system.calibration if evaluation is not None else {},
            sources=sources,
            lineage=to_steps(records),
        )

    def _prompt(self) -> Prompt | None:
        """Run the model (an adapter over its base) as the laptop will, and see how it is asked."""
        contents, job = self.contents, self.job
        payload = contents.payload
        if contents.kind == "library":
            return None
        job.progress(f"Testing {payload.name}", 0, 0)
        if contents.kind == "reader":
            try_reader(payload, payload, job.cancel)
            return None
        if contents.kind == "adapter" and contents.base is not None:
            _require_over(payload, contents.base)
            found = probe_model(contents.base, payload, job.cancel, adapter=payload)
        else:
            checked_chat_header(payload, payload)
            found = probe_model(payload, payload, job.cancel)
        return Prompt(
            version=PROMPT_VERSION,
            style=DEFAULT_STYLE,
            template=str(found["prompt_style"]),
            template_sha256=str(found["template_sha256"]),
        )

    def _texts(self, manifest: Manifest, evaluation: Evaluation | None) -> list[Part]:
        scores = list(flat(evaluation.figures)) if evaluation is not None else []
        findings = evaluation.findings if evaluation is not None else []
        card = make_card(manifest, self.settings.purpose, scores, findings)
        parts = [Part(CARD_FILE, "card", card.encode("utf-8", "replace"))]
        parts += _licences(self.settings.licences)
        if evaluation is not None:
            parts.append(Part(EVALUATION_FILE, "evaluation", _json(summary(evaluation))))
        if self.contents.recipe is not None:
            parts.append(Part(RECIPE_FILE, "recipe", _json(_recipe(self.contents.recipe))))
        return parts


def _require_over(adapter: Path, base: Path) -> None:
    """Raise `ModelError` if the adapter's matrices do not fit over the base."""
    header = read_header(adapter)
    if reason := why_not_adapter(header) or why_not_over(header, read_header(base)):
        raise ModelError(
            f"{adapter} can't be packed over {base}: {reason}.",
            hint="Name the base that it was trained over: --base FILE",
        )


def _recipe(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return plain(tomllib.load(file))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {error}.") from error


def _licences(files: Sequence[str]) -> list[Part]:
    parts = []
    for number, name in enumerate(files, start=1):
        try:
            text = Path(name).read_bytes()
        except OSError as error:
            raise UsageError(f"{name} can't be read: {error.strerror or error}.") from error
        if not 0 < len(text) <= _MAX_LICENCE:
            raise UsageError(f"{name} is empty, or too long for the text of a licence.")
        parts.append(Part(f"licence-{number}.txt", "licence", text))
    return parts


def _json(table: Any) -> bytes:
    return json.dumps(table, indent=1, allow_nan=False).encode() + b"\n"
