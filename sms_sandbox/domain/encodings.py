"""Texts from clients that do not say how they encode them."""


def decode_text(raw: bytes) -> str:
    """Decode a text as UTF-8, or if that fails as Windows-1252.

    The five bytes that Windows-1252 does not use become control codes.
    """
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in raw)
