"""A tiny random BERT, and questions that it can learn to answer in seconds.

A question names a creature and a colour in German, its passage names them in English:
nothing but learning joins them, and what is learned of some pairs holds for the others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

COLOURS = {
    "rot": "red", "blau": "blue", "gelb": "yellow", "weiss": "white", "schwarz": "black",
    "braun": "brown", "rosa": "pink", "grau": "grey", "lila": "purple", "beige": "tan",
}  # fmt: skip
CREATURES = {
    "hund": "dog", "katze": "cat", "vogel": "bird", "fisch": "fish", "pferd": "horse",
    "kuh": "cow", "schaf": "sheep", "maus": "mouse", "biene": "bee", "igel": "hedgehog",
}  # fmt: skip
_PLAIN = (
    "where", "is", "the", "lives", "in", "house", "number", "wo", "ist", "der",
    "seen", "measured", "never", "by", "us",
)  # fmt: skip
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def write_bert(folder: Path, *, seed: int = 0, hidden: int = 48) -> Path:
    """Write a random BERT of 2 layers as a sentence-transformers folder."""
    import torch
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True)
    words = [*COLOURS, *COLOURS.values(), *CREATURES, *CREATURES.values(), *_PLAIN]
    signs = [*"abcdefghijklmnopqrstuvwxyz0123456789.,?!"]
    vocabulary = [*_SPECIAL, *dict.fromkeys([*signs, *(f"##{s}" for s in signs), *words])]
    _write_tokenizer(folder, vocabulary)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=hidden,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=96,
        max_position_embeddings=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    BertModel(config).save_pretrained(str(folder))
    kinds = ("Transformer", "Pooling", "Normalize")
    modules = [
        {"idx": n, "name": str(n), "path": f"{n}_{kind}" if n else "",
         "type": f"sentence_transformers.models.{kind}"}
        for n, kind in enumerate(kinds)
    ]  # fmt: skip
    pooling = {
        "word_embedding_dimension": 48,
        "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True,
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    }
    write_json(folder / "modules.json", modules)
    write_json(folder / "1_Pooling" / "config.json", pooling)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 64, "do_lower_case": False})
    return folder


def _write_tokenizer(folder: Path, vocabulary: list[str]) -> None:
    from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
    from tokenizers.models import WordPiece

    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", numbers["[SEP]"]), ("[CLS]", numbers["[CLS]"])
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "BertTokenizer",
        "model_max_length": 128,
        "unk_token": "[UNK]",
        "sep_token": "[SEP]",
        "pad_token": "[PAD]",
        "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    }
    write_json(folder / "tokenizer_config.json", settings)
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")


def write_translation(folder: Path) -> Path:
    """Write a hundred questions and passages in BEIR's shape; ten questions are held out."""
    pairs = [(c, k) for c in COLOURS for k in CREATURES]
    corpus = [
        {
            "_id": f"d{n}",
            "title": "",
            "text": f"The {COLOURS[c]} {CREATURES[k]} lives in the house.",
        }
        for n, (c, k) in enumerate(pairs)
    ]
    queries = [{"_id": f"q{n}", "text": f"Wo ist der {k} {c}?"} for n, (c, k) in enumerate(pairs)]
    return write_beir(folder, corpus, queries, [(f"q{n}", f"d{n}") for n in range(len(pairs))])


def write_measured(folder: Path) -> Path:
    """Write questions whose words many passages hold; only one of them was measured."""
    corpus, queries, relevant = [], [], []
    for number, (colour, creature) in enumerate((c, k) for c in COLOURS for k in CREATURES):
        said = f"The {colour} {creature}"
        right = f"{said} measured by us in house number {number}."
        wrong = [f"{said} never seen in house number {number}{n}." for n in range(3)]
        for place, text in enumerate([*wrong, right]):
            corpus.append({"_id": f"d{number}-{place}", "title": "", "text": text})
        queries.append({"_id": f"q{number}", "text": f"Where is the {colour} {creature}?"})
        relevant.append((f"q{number}", f"d{number}-{len(wrong)}"))
    return write_beir(folder, corpus, queries, relevant)


def write_beir(
    folder: Path,
    corpus: list[dict[str, str]],
    queries: list[dict[str, str]],
    relevant: list[tuple[str, str]],
) -> Path:
    (folder / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    lines = ["query-id\tcorpus-id\tscore", *(f"{q}\t{d}\t1" for q, d in relevant)]
    (folder / "qrels" / "train.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_json(path: Path, table: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(table), encoding="utf-8")
