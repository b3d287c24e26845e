"""The example of docs/tools.md."""


def price(tile: str, pieces: int = 1) -> dict[str, int]:
    """Tell what tiles cost, in cents.

    Args:
        tile: Name of the tile.
        pieces: How many.
    """
    return {"cents": 250 * pieces if tile else 0}
