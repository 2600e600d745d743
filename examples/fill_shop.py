"""Fill a table with stored prompts as a shop has them after a year of flags in its texts.

Run as `python fill_shop.py shop.db 2000000`: a thousand rows are like the thousand before.
"""

import sqlite3
import sys
from collections.abc import Iterator

PLACES = ("at a market", "in the rain", "on a beach", "in a library", "by the sea")
PROMPT = '--video_prompt "she turns around and smiles"'
SHARES = (
    (480, ""),
    (330, f"--video --video_model kling25 --duration 5 {PROMPT}"),
    (80, f"--video --video_model seedance_v15_720p --duration 5 {PROMPT}"),
    (40, "--video --video_model kling25"),
    (20, f"--video --video_model kling25 --duration 7 {PROMPT}"),
    (20, f"--video --video_model kling25_5s {PROMPT}"),
    (15, f"--video --video_model kling52 --duration 5 {PROMPT}"),
    (10, "--video --video_model kling25 --duration 5s"),
    (5, '--video --video_model kling25 --video_prompt "she smiles'),
)
"""How many of a thousand prompts end like this."""


def prompts(count: int) -> Iterator[tuple[int, str]]:
    """Yield keys and texts."""
    flags = [ending for share, ending in SHARES for _ in range(share)]
    for number in range(count):
        # A step without a common divisor mixes the endings.
        ending = flags[number * 7 % 1000]
        place = PLACES[number % len(PLACES)]
        yield number + 1, f"ohwx woman {place}, take {number} {ending}".rstrip()


def fill(shop: sqlite3.Connection, count: int) -> str:
    """Make the table."""
    shop.execute(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT NOT NULL,"
        " video_model TEXT, video_prompt TEXT, video_duration INTEGER)"
    )
    shop.executemany("INSERT INTO prompts (id, text) VALUES (?, ?)", prompts(count))
    return f"{count:,} rows"


def add_late(shop: sqlite3.Connection) -> str:
    """Write what a program writes that does not know the columns."""
    shop.execute("INSERT INTO prompts (text) VALUES ('a late one --video --video_model kling25')")
    return "1 row"


def compare(shop: sqlite3.Connection) -> str:
    """Count the rows that are as they were made."""
    query = "SELECT id, text FROM prompts WHERE video_model IS NULL ORDER BY id"
    rows = shop.execute(query).fetchall()
    same = sum(row == made for row, made in zip(rows, prompts(len(rows)), strict=True))
    return f"{same:,} texts are as they were"


def main() -> None:
    """Do what is asked."""
    path, asked = sys.argv[1:]
    with sqlite3.connect(path) as shop:
        match asked:
            case "--late":
                print(add_late(shop))
            case "--compare":
                print(compare(shop))
            case _:
                print(fill(shop, int(asked)))


if __name__ == "__main__":
    main()
