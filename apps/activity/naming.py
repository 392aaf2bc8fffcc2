"""What people and agents are called where others read it: never by their address."""

from uuid import UUID


def name_of(user_id: UUID, name: str) -> str:
    return name or f"Somebody ({user_id.hex[-8:]})"
