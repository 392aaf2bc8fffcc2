"""Case (c): the `websockets` library broadcasts one prebuilt frame to all, and nothing else.

It prints when it began with each event, as the others say when theirs was committed.
"""

import asyncio
import json
import sys
import time

import uvloop
import websockets


async def main(port, sockets, events, interval, frame):
    everybody = set()
    complete = asyncio.Event()

    async def serve(wire):
        async for text in wire:
            kind = json.loads(text)["type"]
            if kind == "hello":
                await wire.send('{"type":"ready"}')
            elif kind == "subscribe":
                everybody.add(wire)
                await wire.send('{"type":"ok"}')
                if len(everybody) == sockets:
                    complete.set()

    async with websockets.serve(serve, "127.0.0.1", port, compression=None):
        print("serving", flush=True)
        await complete.wait()
        await asyncio.to_thread(sys.stdin.readline)
        started = []
        for number in range(events):
            text = frame.replace('"number":0', f'"number":{number}')
            started.append(time.monotonic_ns())
            websockets.broadcast(everybody, text)
            await asyncio.sleep(interval)
        print(json.dumps(started), flush=True)
        await asyncio.to_thread(sys.stdin.readline)


if __name__ == "__main__":
    port, sockets, events, interval, frame = sys.argv[1:]
    uvloop.run(main(int(port), int(sockets), int(events), float(interval), frame))
