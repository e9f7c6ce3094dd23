"""The subcommands of `python -m mm_demo`: one module each, with `HELP`, `add_arguments(parser)` and `run(arguments)`.

They are quick to import, so that `--help` is: what is slow is imported inside `run`.
"""

NAMES: tuple[str, ...] = (
    "caption", "vqa", "sentiment", "search", "index", "fusion", "scenes", "evaluate", "models",
)  # fmt: skip
