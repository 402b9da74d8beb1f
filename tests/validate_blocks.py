#!/usr/bin/env python3
"""Parses and validates every message in the given files with Slack's own Python SDK.

    pip install slack_sdk==3.47.0
    tests/validate_blocks.py functions/notify-slack/src/render/snapshots/json/*.snap

A file holds JSON, or insta's head and then JSON. A message is an object with a `text` of its own;
lists and other objects are searched for messages. Exits 1 with the file and the reason when the SDK
refuses a block, does not know it, or warns of anything, when one of Slack's limits is passed that
the SDK does not look at, and when a file holds no message.
"""

import json
import logging
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.attachments import BlockAttachment
from slack_sdk.models.blocks import Block

# Documented, but not looked at by the SDK: https://docs.slack.dev/reference/block-kit/blocks
BLOCKS_IN_A_MESSAGE = 50
CHARACTERS_IN_A_FIELD = 2000
CHARACTERS_IN_A_TEXT = 4000


class Warnings(logging.Handler):
    """What the SDK warns of, instead of refusing it: unknown keys, unknown blocks."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.found = []

    def emit(self, record):
        self.found.append(record.getMessage())


def load(path):
    """The JSON of a file, without the head that insta puts before it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.startswith("---\n"):
        _, _, text = text[4:].partition("\n---\n")
    return json.loads(text)


def messages(value):
    """Every message in it."""
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from messages(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from messages(inner)


def check_blocks(blocks):
    """What is wrong with a list of blocks."""
    for index, (given, block) in enumerate(zip(blocks, Block.parse_all(blocks))):
        where = f"block {index} ({given.get('type')})"
        if block is None:
            yield f"{where}: the SDK does not know it"
            continue
        try:
            block.validate_json()
            parsed = block.to_dict()
        except SlackObjectFormationError as refusal:
            yield f"{where}: {refusal}"
            continue
        except Exception as failure:  # The SDK's models fail in ways of their own.
            yield f"{where}: {type(failure).__name__}: {failure}"
            continue
        if parsed != given:
            yield f"{where}: the SDK reads it otherwise: {json.dumps(parsed, ensure_ascii=False)}"
        texts = given.get("fields", []) + given.get("elements", [])
        texts.append(given.get("text") or {"text": "-"})
        for text in texts:
            if not text.get("text"):
                yield f"{where}: an empty text"
        if given.get("type") == "image" and not (
            given.get("image_url") or (given.get("slack_file") or {}).get("id")
        ):
            yield f"{where}: no picture"
        for field in given.get("fields", []):
            if len(field.get("text", "")) > CHARACTERS_IN_A_FIELD:
                yield f"{where}: a field is longer than {CHARACTERS_IN_A_FIELD}"


def check(message):
    """How many blocks a message has, and what is wrong with it."""
    wrong = []
    blocks = list(message.get("blocks") or [])
    wrong += check_blocks(blocks)
    for index, attachment in enumerate(message.get("attachments") or []):
        inner = attachment.get("blocks") or []
        if not inner:
            wrong.append(f"attachment {index}: no blocks")
            continue
        wrong += [f"attachment {index}, {reason}" for reason in check_blocks(inner)]
        blocks += inner
        try:
            parsed = BlockAttachment(
                blocks=inner,
                color=attachment.get("color"),
                fallback=attachment.get("fallback"),
            )
            parsed.validate_json()
            parsed.to_dict()
        except Exception as refusal:
            wrong.append(f"attachment {index}: {type(refusal).__name__}: {refusal}")
    if len(blocks) > BLOCKS_IN_A_MESSAGE:
        wrong.append(f"{len(blocks)} blocks, more than {BLOCKS_IN_A_MESSAGE}")
    if len(message["text"]) > CHARACTERS_IN_A_TEXT:
        wrong.append(f"its text is longer than {CHARACTERS_IN_A_TEXT}")
    if not message["text"].strip() and not blocks:
        wrong.append("neither text nor blocks")
    return len(blocks), wrong


def main(paths):
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    warnings = Warnings()
    logging.getLogger("slack_sdk").addHandler(warnings)
    logging.getLogger("slack_sdk").propagate = False
    failed, seen, counted = False, 0, 0
    for path in paths:
        wrong, found = [], 0
        try:
            for message in messages(load(path)):
                found += 1
                blocks, reasons = check(message)
                counted += blocks
                wrong += [f"message {found}: {reason}" for reason in reasons]
        except (OSError, ValueError) as failure:
            wrong.append(str(failure))
        else:
            if not found:
                wrong.append("no message in it")
        wrong += [f"the SDK warns: {warning}" for warning in warnings.found]
        warnings.found.clear()
        seen += found
        for reason in wrong:
            failed = True
            print(f"{path}: {reason}", file=sys.stderr)
    print(f"{counted} blocks of {seen} messages in {len(paths)} files checked with slack_sdk")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
