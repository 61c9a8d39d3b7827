#!/usr/bin/python3
"""Relays TCP connections on a loopback port to another one, each byte half the round trip later.

usage: delaying_proxy.py PORT_FILE TARGET_PORT ROUND_TRIP_MS; PORT_FILE gets the port it listens on.
"""

import asyncio
import os
import sys

CHUNK_BYTES = 1 << 18


async def relay(reader, writer, delay_s):
    """Hands on what comes in, as it was paced, delay_s later."""
    loop = asyncio.get_running_loop()
    waiting = asyncio.Queue(maxsize=4096)

    async def hand_on():
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    handing_on = asyncio.create_task(hand_on())
    try:
        while data := await reader.read(CHUNK_BYTES):
            await waiting.put((loop.time() + delay_s, data))
    except ConnectionError:
        pass
    await waiting.put((loop.time() + delay_s, b""))
    try:
        await handing_on
    except ConnectionError:
        pass


async def main():
    port_file, target, delay_s = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 2000

    async def accept(reader, writer):
        # The handshake of TCP is a round trip, too.
        await asyncio.sleep(2 * delay_s)
        there, back = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(relay(reader, back, delay_s), relay(there, writer, delay_s))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(port_file + ".new", port_file)
    await server.serve_forever()


asyncio.run(main())
