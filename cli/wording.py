"""How commands tell what is wrong."""


def describe_trouble(code: str, field: str | None, message: str) -> str:
    """The code, the place and the reason in one line; a message that begins with the place does not repeat it."""
    return f"{code} at {field}: {message.removeprefix(f'{field}: ')}" if field else f"{code}: {message}"
