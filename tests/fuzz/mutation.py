"""Mutations of bytes, of rows and of TOML text, drawn from a seeded generator."""

import re
from random import Random

from tests.fuzz import hostile

ASSIGNMENT = re.compile(r"^(\s*)([\w.\"-]+)(\s*=\s*)(.+)$")


def mutate_bytes(random: Random, content: bytes, most: int = 4) -> bytes:
    """`content` with one to `most` bits flipped, pieces removed, repeated, moved or inserted, or cut short."""
    changed = bytearray(content)
    for _ in range(random.randint(1, most)):
        start = random.randrange(len(changed) + 1)
        end = min(len(changed), start + random.choice((1, 2, 8, 60)))
        match random.randrange(6):
            case 0 if start < len(changed):
                changed[start] ^= 1 << random.randrange(8)
            case 1:
                del changed[start:end]
            case 2:
                changed[start:start] = changed[start:end]
            case 3:
                changed[start:end] = random.choice(hostile.BYTES)
            case 4:
                changed[start:start] = random.choice(hostile.BYTES)
            case _:
                del changed[max(start, len(changed) // 2) :]
    return bytes(changed)


def mutate_rows(random: Random, rows: list[dict], fields: list[str], most: int = 4) -> list[dict]:
    """`rows` with one to `most` values replaced, taken from another row or left out, or rows repeated or removed."""
    changed = [dict(row) for row in rows]
    for _ in range(random.randint(1, most)):
        if not changed:
            break
        row, name = random.choice(changed), random.choice(fields)
        match random.randrange(6):
            case 0:
                row.pop(name, None)
            case 1:
                row[name] = random.choice(changed).get(name)
            case 2:
                changed.insert(random.randrange(len(changed) + 1), dict(row))
            case 3:
                changed.remove(row)
            case _:
                row[name] = random.choice(hostile.VALUES)
    return changed


def mutate_toml(random: Random, text: str, most: int = 3) -> str:
    """TOML text with one to `most` values replaced or moved, lines removed, repeated or exchanged."""
    lines = text.split("\n")
    for _ in range(random.randint(1, most)):
        assigned = [number for number, line in enumerate(lines) if ASSIGNMENT.match(line)]
        if not assigned:
            break
        number = random.choice(assigned)
        match random.randrange(8):
            case 0:
                del lines[number]
            case 1:
                lines.insert(random.randrange(len(lines) + 1), lines[number])
            case 2:
                other = random.randrange(len(lines))
                lines[number], lines[other] = lines[other], lines[number]
            case 3:
                lines[number] = ASSIGNMENT.sub(r"\1\g<2>x\3\4", lines[number])
            case 4:
                value = ASSIGNMENT.match(lines[random.choice(assigned)]).group(4)
                lines[number] = ASSIGNMENT.match(lines[number]).expand(r"\1\2\3") + value
            case _:
                lines[number] = ASSIGNMENT.match(lines[number]).expand(r"\1\2\3") + random.choice(hostile.TOML)
    return "\n".join(lines)
