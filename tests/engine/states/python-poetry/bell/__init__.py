def main() -> None:
    print("ding")
