from platform import api


def test_api_says_what_it_is() -> None:
    assert api.__doc__ == "The api."
