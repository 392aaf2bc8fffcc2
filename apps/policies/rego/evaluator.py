"""A program of its own that asks Rego for `data.agent.allow`: a question a line, an answer a line.

It stands apart because the library cannot be interrupted: whoever asks ends it when it is slow. It
imports nothing of Lattice, so that it starts quickly, and ends when nobody is left to ask.
"""

import json
import resource
import sys
from pathlib import Path

import regorus

RULE = "data.agent.allow"
MEMORY = 512 << 20

Signature = tuple[tuple[str, int, int], ...]


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.rego") if path.is_file())


def signature_of(folder: Path) -> Signature:
    listed = []
    for path in files_in(folder):
        stat = path.stat()
        listed.append((str(path), stat.st_mtime_ns, stat.st_size))
    return tuple(listed)


def engine_of(folder: Path) -> regorus.Engine:
    engine = regorus.Engine()
    engine.set_gather_prints(True)
    for path in files_in(folder):
        engine.add_policy_from_file(str(path))
    return engine


def answer(engine: regorus.Engine, question: str) -> str:
    fresh = engine.clone()  # type: ignore[attr-defined]  # its stubs forget it
    fresh.set_input_json(question)
    said = fresh.eval_rule(RULE)
    if said is None:
        return "undefined"
    return {True: "true", False: "false"}[said] if isinstance(said, bool) else "not boolean"


def main(folder: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    engine, signature = engine_of(folder), signature_of(folder)
    for question in sys.stdin.buffer:
        try:
            if (found := signature_of(folder)) != signature:
                engine, signature = engine_of(folder), found
            said = answer(engine, question.decode())
        except Exception:  # noqa: BLE001 the asker hears that it failed, which denies
            signature, said = (), "failed"
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
