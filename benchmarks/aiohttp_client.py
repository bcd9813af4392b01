"""A process that makes GET requests with aiohttp: what sending reports costs without a sandbox.

Arguments: the URL, the number of requests, and how many run at once.
"""

import asyncio
import sys
from collections.abc import Iterator

import aiohttp
import uvloop


async def run(url: str, total: int, concurrency: int) -> None:
    targets = (
        f"{url}&message_id=340000001&mobile={61412000000 + number}&datetime=2030-01-31+12%3A00%3A00"
        "&status=delivered&user_id=54911&rate=10"
        for number in range(total)
    )
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(post(session, targets) for _ in range(concurrency)))


async def post(session: aiohttp.ClientSession, targets: Iterator[str]) -> None:
    for target in targets:
        async with session.get(target, allow_redirects=False) as response:
            await response.read()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
