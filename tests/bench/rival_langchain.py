"""The stack that anyone can write in an afternoon, for comparison.

LangChain + HuggingFaceEmbeddings(all-MiniLM-L6-v2) + FAISS + llama.cpp, written the way
its documentation teaches and with its settings chosen in its favour (see README.md).
It runs in an environment of its own and imports nothing of ours.

    python rival_langchain.py ingest --files DIR --index DIR --embedder DIR --json OUT
    python rival_langchain.py ask --index DIR --embedder DIR --model GGUF \
        --questions TOML --json OUT

`BENCH_STARTED` (from time.monotonic(), which all processes share on Linux) is the moment
when the caller started this process; cold start is counted from it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import tomllib
import warnings
from pathlib import Path
from typing import Any

STARTED = float(os.environ["BENCH_STARTED"])
CHUNK_CHARACTERS = 1000
CHUNK_OVERLAP = 100
PASSAGES = 4
CONTEXT_TOKENS = 2048
PROMPT = (
    "Answer the question using only the context below. If the context does not hold the "
    "answer, say that you don't know.\n\nContext:\n{context}\n\nQuestion: {question}"
)


def embeddings(options: argparse.Namespace) -> Any:
    import torch
    from langchain_huggingface import HuggingFaceEmbeddings

    torch.set_num_threads(options.threads)
    model: dict[str, Any] = {"device": "cpu", "local_files_only": True}
    if options.dtype != "float32":
        model["model_kwargs"] = {"dtype": options.dtype}
    return HuggingFaceEmbeddings(
        model_name=str(options.embedder),
        model_kwargs=model,
        encode_kwargs={"normalize_embeddings": True, "batch_size": options.batch},
    )


def load_documents(folder: Path, limit: int) -> list[Any]:
    from langchain_community.document_loaders import PyPDFium2Loader, TextLoader

    documents: list[Any] = []
    for path in sorted(folder.iterdir())[: limit or None]:
        if path.suffix == ".pdf":
            documents += PyPDFium2Loader(str(path)).load()
        elif path.suffix in {".txt", ".md"}:
            documents += TextLoader(str(path), encoding="utf-8").load()
    return documents


def ingest(options: argparse.Namespace) -> dict[str, Any]:
    from langchain_community.vectorstores import FAISS
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    embedder = embeddings(options)
    embedder.embed_query("warm up")
    ready = time.monotonic()
    documents = load_documents(options.files, options.limit)
    loaded = time.monotonic()
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_CHARACTERS, chunk_overlap=CHUNK_OVERLAP
    )
    chunks = splitter.split_documents(documents)
    store = FAISS.from_documents(chunks, embedder)
    store.save_local(str(options.index))
    done = time.monotonic()
    return {
        "load_s": ready - STARTED,
        "parse_s": loaded - ready,
        "ingest_s": done - ready,
        "documents": len({d.metadata["source"] for d in documents}),
        "chunks": len(chunks),
        "characters": sum(len(d.page_content) for d in documents),
    }


def ask(options: argparse.Namespace) -> dict[str, Any]:
    from langchain_community.chat_models import ChatLlamaCpp
    from langchain_community.vectorstores import FAISS
    from langchain_core.prompts import ChatPromptTemplate

    embedder = embeddings(options)
    # The index is a pickle; LangChain asks to be told that this is known.
    store = FAISS.load_local(str(options.index), embedder, allow_dangerous_deserialization=True)
    llm = ChatLlamaCpp(
        model_path=str(options.model),
        n_ctx=CONTEXT_TOKENS,
        n_batch=512,
        n_threads=options.threads,
        max_tokens=options.max_tokens,
        temperature=0.0,
        verbose=False,
    )
    cold_start = time.monotonic() - STARTED
    prompt = ChatPromptTemplate.from_messages([("human", PROMPT)])
    questions = tomllib.loads(options.questions.read_text(encoding="utf-8"))["questions"]
    answers = [answer(store, prompt, llm, question) for question in questions]
    return {"cold_start_s": cold_start, "answers": answers}


def answer(store: Any, prompt: Any, llm: Any, question: str) -> dict[str, Any]:
    asked = time.monotonic()
    passages = store.similarity_search(question, k=PASSAGES)
    retrieved = time.monotonic()
    context = "\n\n".join(passage.page_content for passage in passages)
    messages = prompt.invoke({"context": context, "question": question})
    pieces: list[str] = []
    first = last = 0.0
    for piece in llm.stream(messages):
        if not piece.content:
            continue
        last = time.monotonic()
        first = first or last
        pieces.append(piece.content)
    return {
        "question": question,
        "retrieve_ms": 1000 * (retrieved - asked),
        "first_token_s": first - asked if pieces else None,
        "total_s": time.monotonic() - asked,
        "generated_tokens": len(pieces),
        "tokens_per_s": (len(pieces) - 1) / (last - first) if len(pieces) > 1 else None,
        "context_characters": len(context),
        "text": "".join(pieces),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="The LangChain stack, for comparison.")
    parser.add_argument("step", choices=["ingest", "ask"])
    parser.add_argument("--files", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--embedder", type=Path, required=True)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    # A hub that can't be reached costs seconds at every start: the rival is told not to try.
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    result = ingest(options) if options.step == "ingest" else ask(options)
    options.json.write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    main()
