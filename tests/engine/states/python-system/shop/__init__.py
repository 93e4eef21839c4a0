NAME = "shop"


def main() -> None:
    print(NAME)
