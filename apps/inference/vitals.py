"""What the doctor is told of models."""

from collections.abc import Iterator

from apps.common.ports import Finding, Health
from apps.inference.errors import ModelAway
from apps.inference.ports import embedding_model

SUBJECT = "embeddings"


def examine_embeddings() -> Iterator[Finding]:
    """A model that costs nothing is asked."""
    model = embedding_model()
    what = f"{model.name}, {model.dimensions} dimensions"
    if not model.is_local:
        if model.price() is None:
            text = f"{what}; what it costs is not known, so it counts as free and no budget ends it"
            yield Finding(SUBJECT, Health.WARN, text, "Set EMBEDDING_PRICE; 0 if it is free.")
        else:
            yield Finding(SUBJECT, Health.OK, f"{what}; not asked, because that may cost something")
        return
    fix = "Install again what Lattice runs on: `make install`."
    try:
        [vector] = model.embed(["Is it there?"]).vectors
    except (ModelAway, OSError, ImportError) as error:
        yield Finding(SUBJECT, Health.FAIL, f"{what}: {error}", fix)
    else:
        if len(vector) == model.dimensions:
            yield Finding(SUBJECT, Health.OK, f"{what}, loaded")
        else:
            yield Finding(SUBJECT, Health.FAIL, f"{what}, but it gives {len(vector)}", fix)
