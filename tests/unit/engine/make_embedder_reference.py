"""Make `data/embedder_reference.json`: what sentence-transformers says of some texts.

Needs torch and sentence-transformers, so it runs on a workstation, once:

    python -m tests.unit.engine.make_embedder_reference FOLDER_OF_ALL_MINILM_L6_V2

The unit tests compare the converted int8 model with these float32 vectors.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

REFERENCE = Path(__file__).parent / "data" / "embedder_reference.json"

TEXTS = (
    "The supplier shall deliver the goods within thirty days of the order.",
    "Either party may terminate this agreement with ninety days' written notice.",
    "The receiving party keeps the confidential information secret for five years.",
    "Adults take one tablet of 500 mg every eight hours, at most three a day.",
    "Do not give ibuprofen to patients with an active gastric ulcer.",
    "Measure blood pressure twice, five minutes apart, in a sitting patient.",
    "Replace the fuel filter after every 250 hours of operation.",
    "Torque the cylinder head bolts to 65 Nm in the sequence shown.",
    "Disconnect the battery before you open the control cabinet.",
    "What is the notice period?",
    "maximum dose of paracetamol",
    "How often is the filter changed?",
    "Short.",
    "12.4.1",
    "Die Lieferung erfolgt innerhalb von dreißig Tagen.",
    "Le fournisseur garantit la marchandise pendant deux ans.",
    "日本語の文章です。",
    "An e-mail address such as office@example.org, a sum of 1,250.00 EUR, and § 14 (2).",
    "The liability of each party is limited to the fees paid in the twelve months before the "
    "claim arose. This limit does not apply to death, injury, fraud, or to anything else for "
    "which the law allows no limit. Neither party answers for lost profit. A claim must be made "
    "in writing within one year after the party knew of it, and the other party must be given "
    "thirty days to mend the breach before any other step is taken. " * 2,
    "Store the vaccine between two and eight degrees. Write the temperature down twice a day. "
    "If it was outside the range for more than thirty minutes, put the stock aside, mark it, and "
    "ask the pharmacist before it is used or destroyed. Never freeze it. Open vials are thrown "
    "away at the end of the session, six hours after opening at the latest. " * 3,
)


def main(folder: str) -> None:
    """Write the reference file from the model in `folder`."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, device="cpu", local_files_only=True)
    vectors = model.encode(list(TEXTS), normalize_embeddings=True).astype("<f4")
    table = [
        {"text": text, "vector": base64.b64encode(row.tobytes()).decode("ascii")}
        for text, row in zip(TEXTS, vectors, strict=True)
    ]
    REFERENCE.parent.mkdir(exist_ok=True)
    REFERENCE.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
