"""Celery's tasks continue the call that asked for them: same request, same trace, in every line."""

from typing import Any

from celery import Task

from apps.common import context

HEADER = "lattice_call"


class TracedTask(Task):  # type: ignore[type-arg]
    def apply_async(
        self,
        args: Any = None,
        kwargs: Any = None,
        *rest: Any,
        headers: dict[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        call = context.current()
        carried = {"request_id": call.request_id, "trace_id": call.trace_id}
        headers = {**(headers or {}), HEADER: carried}
        return super().apply_async(args, kwargs, *rest, headers=headers, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        carried = (self.request.headers or {}).get(HEADER, {})
        task_id = self.request.id or ""
        with context.call(**carried, via=f"task:{self.name}", task_id=task_id):
            return super().__call__(*args, **kwargs)
